# ESPCN for a quarter of an hour of two CPU cores: photographs beside the clips, a rate that rises at first.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips_and_photos.py',
    '../_base_/datasets/vid4_bix4.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(generator=dict(type='ESPCNNet', in_channels=1, scale=4), pixel_loss=_base_.luma_mse)

train_dataloader = _base_.clips_and_photos_train_frame_dataloader
val_dataloader = [_base_.clips_val_frame_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_frame_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

# The paper: SGD, a constant 1e-4 (1e-5 for the last layer), 5 million iterations. Here Adam, for a training of hours.
train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=20_000, val_interval=1000)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=20_000, T_max=19_800)]

default_hooks = dict(checkpoint=dict(interval=500, save_best='clips/PSNR', rule='greater'))
