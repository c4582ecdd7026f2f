# Stage 1 of SPMC: motion alone, absolute error of the warped frames and 0.01 of the total variation.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bix4.py',
]

model = dict(
    type='MotionCompensatedVSR',
    generator=dict(type='SPMCNet', scale=4, num_frames=3),
    pixel_loss=dict(type='LumaLoss', loss=dict(type='MSELoss', loss_weight=0.0)),
    motion_loss=dict(type='L1Loss', loss_weight=1.0),
    flow_loss=dict(type='FlowSmoothnessLoss', kind='tv', loss_weight=0.01),
)

train_dataloader = _base_.clips_train_window_dataloader
train_dataloader.update(batch_size=8)
train_dataloader.dataset.update(num_input_frames=3)
_base_.clips_val_window_dataloader.dataset.update(num_input_frames=3)
_base_.vid4_bix4_window_dataloader.dataset.update(num_input_frames=3)
val_dataloader = [_base_.clips_val_window_dataloader, _base_.vid4_bix4_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator, _base_.vid4_bix4_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=70_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
