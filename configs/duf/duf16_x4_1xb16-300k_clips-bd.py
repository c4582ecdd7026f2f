# DUF with 16 layers on RGB, seven frames, BD. At the ends of a clip the window is mirrored here, where the
# authors put black frames.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bdx4.py',
]

model = dict(
    generator=dict(type='DUFNet', num_layers=16, scale=4),
    pixel_loss=dict(_delete_=True, type='HuberLoss', delta=0.01),
)

train_dataloader = _base_.clips_train_window_dataloader
train_dataloader.update(batch_size=16)
# The paper's temporal augmentation (its variable TA): every first to third frame, forwards or backwards, or one frame
# seven times.
train_dataloader.dataset.update(samples='clips', num_input_frames=7)
train_dataloader.dataset.pipeline = [
    dict(_base_.clips_sample, interval_list=(-3, -2, -1, 0, 1, 2, 3)),
    _base_.clips_load,
    *_base_.clips_augment_gt,
    dict(_base_.clips_patch, kind='BD'),
    *_base_.clips_window_whole_end,
]
_base_.clips_val_window_dataloader.dataset.update(
    num_input_frames=7,
    pipeline=[_base_.clips_load, dict(_base_.clips_whole, kind='BD'), *_base_.clips_window_whole_end],
)
_base_.vid4_bdx4_window_dataloader.dataset.update(num_input_frames=7)
val_dataloader = [_base_.clips_val_window_dataloader, _base_.vid4_bdx4_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator, _base_.vid4_bdx4_evaluator]
test_dataloader = [_base_.vid4_bdx4_window_dataloader]
test_evaluator = [_base_.vid4_bdx4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)
# The paper divides the rate by ten twice.
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
)
param_scheduler = dict(type='MultiStepLR', by_epoch=False, milestones=[100_000, 200_000], gamma=0.1)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
