# Stage 1 of VESPCN, motion alone, for two CPU cores: photographs in motion beside the clips.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips_and_photos.py',
    '../_base_/datasets/vid4_bix4.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    type='MotionCompensatedVSR',
    generator=dict(type='VESPCNNet', scale=4),
    pixel_loss=dict(type='LumaLoss', loss=dict(type='MSELoss', loss_weight=0.0)),
    motion_loss=dict(type='MSELoss', loss_weight=1.0),
    # In pixels, as the weights that come with the package were trained, not in the networks' unit as in
    # vespcn_motion-x4_1xb16-100k_clips.py: that leaves little more motion than that of the whole frame.
    flow_loss=dict(type='FlowSmoothnessLoss', kind='huber', loss_weight=0.1),
)

# Windows of three frames.
train_dataloader = _base_.clips_and_photos_train_window_dataloader
train_dataloader.update(batch_size=8)
_base_.clips_and_photos_window_clips.dataset.update(num_input_frames=3)
_base_.clips_and_photos_window_photos.update(num_frames=3)
train_dataloader.dataset.update(datasets=[_base_.clips_and_photos_window_clips, _base_.clips_and_photos_window_photos])
_base_.clips_val_window_dataloader.dataset.update(num_input_frames=3)
_base_.vid4_bix4_window_dataloader.dataset.update(num_input_frames=3)

val_dataloader = [_base_.clips_val_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

# The paper: SGD, a constant 1e-4 (1e-5 for the last layer), 5 million iterations. Here Adam, for a training of hours.
train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=3_000, val_interval=1000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=3_000, T_max=2_800)]

default_hooks = dict(checkpoint=dict(interval=500, save_best='clips/PSNR', rule='greater'))
