# Stage 2 of SPMC: super-resolution behind the motion of stage 1, which stands still. All three:
#   vsr stages configs/spmc/spmc_motion-* configs/spmc/spmc_restoration-* configs/spmc/spmc_x4f3_1xb8-300k_clips.py
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bix4.py',
]

experiment_name = 'spmc_restoration-x4f3_1xb8-50k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    type='MotionCompensatedVSR',
    generator=dict(type='SPMCNet', scale=4, num_frames=3),
    pixel_loss=_base_.luma_mse,
    motion_loss=dict(type='L1Loss', loss_weight=0.0),
    flow_loss=dict(type='FlowSmoothnessLoss', kind='tv', loss_weight=0.0),
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

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=50_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
    paramwise_cfg=dict(custom_keys={'generator.flow': dict(lr_mult=0.0)}),
)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
# The last checkpoint of stage 1: its scores say nothing of motion, so it has no best one.
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[dict(checkpoint='spmc_motion-x4f3_1xb8-70k_clips', which='last', source='generator.flow.')],
    )
]
