# VESPCN for two hours of two CPU cores, photographs in motion beside the clips. Both stages:
#   vsr stages configs/vespcn/vespcn_motion-x4_1xb16-3k_clips.py configs/vespcn/vespcn_x4_1xb16-15k_clips.py
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips_and_photos.py',
    '../_base_/datasets/vid4_bix4.py',
]

experiment_name = 'vespcn_x4_1xb16-15k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    type='MotionCompensatedVSR',
    generator=dict(type='VESPCNNet', scale=4),
    pixel_loss=_base_.luma_mse,
    motion_loss=dict(type='MSELoss', loss_weight=0.01),
    flow_loss=dict(type='FlowSmoothnessLoss', kind='huber', loss_weight=0.001),
)

# Windows of three frames.
train_dataloader = _base_.clips_and_photos_train_window_dataloader
train_dataloader.dataset.datasets[0].dataset.update(num_input_frames=3)
train_dataloader.dataset.datasets[1].update(num_frames=3)
_base_.clips_val_window_dataloader.dataset.update(num_input_frames=3)
_base_.vid4_bix4_window_dataloader.dataset.update(num_input_frames=3)

val_dataloader = [_base_.clips_val_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=15_000, val_interval=1000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=200, end=15_000, T_max=14_800, eta_min=1e-5),
]

default_hooks = dict(checkpoint=dict(interval=500, save_best='clips/PSNR', rule='greater'))
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint='vespcn_motion-x4_1xb16-3k_clips/iter_3000.pth', source='generator.flow.', optional=True)
        ],
    )
]
