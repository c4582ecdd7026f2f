# ESPCN on Y at x2, otherwise as espcn_x4_1xb16-300k_clips.py.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/restoration.py', '../_base_/datasets/other_scales.py']

model = dict(generator=dict(type='ESPCNNet', in_channels=1, scale=2), pixel_loss=_base_.luma_mse)

train_dataloader = _base_.other_scales.x2.frame.train
train_dataloader.update(batch_size=16)
val_dataloader = [_base_.other_scales.x2.frame.val]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.other_scales.x2.frame.test]
test_evaluator = [_base_.other_scales.x2.evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
)
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=300_000, eta_min=1e-5)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
