# 'Ours' at x2.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/latent_attn.py',
    '../_base_/datasets/other_scales.py',
]

model = dict(generator=dict(scale=2))

train_dataloader = _base_.other_scales.x2.sequence.train
train_dataloader.update(batch_size=4)
val_dataloader = [_base_.other_scales.x2.sequence.val]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.other_scales.x2.sequence.test]
test_evaluator = [_base_.other_scales.x2.evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
    clip_grad=dict(max_norm=3, norm_type=2),
)
default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
