# Stage 3 of SPMC: everything together, the motion's loss at 0.01; from stage 2 where that has been trained.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bix4.py',
]

experiment_name = 'spmc_x4f3_1xb8-300k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    type='MotionCompensatedVSR',
    generator=dict(type='SPMCNet', scale=4, num_frames=3),
    pixel_loss=_base_.luma_mse,
    motion_loss=dict(type='L1Loss', loss_weight=0.01),
    flow_loss=dict(type='FlowSmoothnessLoss', kind='tv', loss_weight=0.0001),
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

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[dict(checkpoint='spmc_restoration-x4f3_1xb8-50k_clips', source='generator.', optional=True)],
    )
]
