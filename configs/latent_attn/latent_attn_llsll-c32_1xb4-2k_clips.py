# 'Ours' at half the width, 1,029,347 parameters, for a training of hours on two CPU cores. Beside the width, what is
# not the paper's: the bicubic skip, photographs in motion beside the clips (VSR_PHOTOS), a learning rate that starts at
# 1e-3 and falls.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/latent_attn.py',
    '../_base_/datasets/clips_and_photos.py',
    '../_base_/datasets/vid4_bix4.py',
]

# On [0, 1] the loss is a 255th of the paper's, and gradients are never clipped.
model = dict(generator=dict(mid_channels=32, global_residual=True), value_range=1.0)

train_dataloader = _base_.clips_and_photos_train_sequence_dataloader
val_dataloader = [_base_.clips_val_sequence_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
val_cfg = dict(type='MultiValLoop')

test_dataloader = _base_.vid4_bix4_sequence_dataloader
test_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='latent_attention', prefix='Vid4-BIx4')]
)

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=2000, val_interval=250)
randomness = dict(seed=0)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
    clip_grad=dict(max_norm=3, norm_type=2),
)
lr_warmup = dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=50)
lr_cosine = dict(type='CosineAnnealingLR', by_epoch=False, begin=50, end=2000, T_max=1950, eta_min=1e-5)
param_scheduler = [lr_warmup, lr_cosine]

default_hooks = dict(logger=dict(interval=25), checkpoint=dict(interval=100, save_best='clips/PSNR', rule='greater'))
