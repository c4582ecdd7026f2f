_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/latent_attn.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bix4.py',
]

# Trained on clips, chosen by clips whose scenes were held out. Vid4 is logged beside them and decides nothing.
train_dataloader = _base_.clips_train_sequence_dataloader
val_dataloader = [_base_.clips_val_sequence_dataloader, _base_.vid4_bix4_sequence_dataloader]
val_evaluator = [_base_.clips_val_evaluator, _base_.vid4_bix4_evaluator]
val_cfg = dict(type='MultiValLoop')

test_dataloader = _base_.vid4_bix4_sequence_dataloader
test_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='latent_attention', prefix='Vid4-BIx4')]
)

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)

# Section 7: Adam, 1e-4, (0.9, 0.999), gradients clipped to a global norm of 3.
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
    clip_grad=dict(max_norm=3, norm_type=2),
)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
