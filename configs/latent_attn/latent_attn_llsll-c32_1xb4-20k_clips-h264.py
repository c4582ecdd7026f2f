# The half-width network on compressed video at x4: old games, animation and films as they are found. H.264 at a rate
# factor between 18 and 35 on the low resolution; from the weights that were trained on clean frames.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/latent_attn.py', '../_base_/datasets/damaged_clips.py']

model = dict(generator=dict(mid_channels=32, global_residual=True), value_range=1.0)

train_dataloader = _base_.damaged.h264.sequence.train
val_dataloader = [_base_.damaged.h264.sequence.val]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = val_dataloader
test_evaluator = val_evaluator

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=20_000, val_interval=1000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=2e-4, betas=(0.9, 0.999)),
    clip_grad=dict(max_norm=3, norm_type=2),
)
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=20_000, eta_min=1e-6)
clean = dict(checkpoint='pretrained:latent-attention-half')
custom_hooks = [dict(type='LoadPartsHook', parts=[clean])]
default_hooks = dict(checkpoint=dict(interval=500, save_best='clips/PSNR', rule='greater'))
