# FRVSR 10-64 at x3, BI: a recurrent network with optical flow, as BasicVSR, whose own layers are made for x4.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/restoration.py', '../_base_/datasets/other_scales.py']

model = dict(
    type='MotionCompensatedVSR',
    generator=dict(type='FRVSRNet', mid_channels=64, num_blocks=10, scale=3),
    motion_loss=dict(type='MSELoss'),
)

train_dataloader = _base_.other_scales.x3.sequence.train
train_dataloader.update(batch_size=4)
val_dataloader = [_base_.other_scales.x3.sequence.val]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.other_scales.x3.sequence.test]
test_evaluator = [_base_.other_scales.x3.evaluator]
train_dataloader.dataset.update(num_input_frames=10)

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=400_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
)
default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
