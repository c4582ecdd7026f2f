# FRVSR 10-128 on RGB, clips of ten frames, BD. The paper blurs with sigma 1.5, the data here with 1.6.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bdx4.py',
]

model = dict(
    type='MotionCompensatedVSR',
    generator=dict(type='FRVSRNet', mid_channels=128, num_blocks=10, scale=4),
    motion_loss=dict(type='MSELoss'),
)

train_dataloader = _base_.clips_train_sequence_dataloader
train_dataloader.dataset.update(num_input_frames=10)
train_dataloader.dataset.pipeline = [
    _base_.clips_sample,
    _base_.clips_load,
    *_base_.clips_augment_gt,
    dict(_base_.clips_patch, kind='BD', gt_patch_size=256),
    *_base_.clips_sequence_whole_end,
]
_base_.clips_val_sequence_dataloader.dataset.update(
    pipeline=[_base_.clips_load, dict(_base_.clips_whole, kind='BD'), *_base_.clips_sequence_whole_end]
)
val_dataloader = [_base_.clips_val_sequence_dataloader, _base_.vid4_bdx4_sequence_dataloader]
val_evaluator = [_base_.clips_val_evaluator, _base_.vid4_bdx4_evaluator]
test_dataloader = [_base_.vid4_bdx4_sequence_dataloader]
test_evaluator = [_base_.vid4_bdx4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=400_000, val_interval=5000)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
