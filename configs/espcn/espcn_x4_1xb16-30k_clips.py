# ESPCN for half an hour of two CPU cores: photographs beside the clips, a rate that rises at first.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips_and_photos.py',
    '../_base_/datasets/vid4_bix4.py',
    '../_base_/schedules/adam_cosine.py',
]

experiment_name = 'espcn_x4_1xb16-10k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(type='ESPCNNet', in_channels=1, scale=4, activation='tanh'), pixel_loss=_base_.luma_mse)

# Single frames: of a photograph four, larger than the clips' patches.
train_dataloader = _base_.clips_and_photos_train_sequence_dataloader
train_dataloader.update(batch_size=16, num_workers=2)
train_dataloader.dataset.datasets[0].dataset.update(num_input_frames=1)
train_dataloader.dataset.datasets[1].update(num_frames=1, gt_size=(288, 288))

val_dataloader = [_base_.clips_val_sequence_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_sequence_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

# The paper: SGD, a constant 1e-4 (1e-5 for the last layer), 5 million iterations. Here Adam, for a training of hours.
train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=10_000, val_interval=1000)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=10_000, T_max=9_800)

default_hooks = dict(checkpoint=dict(interval=500, save_best='clips/PSNR', rule='greater'))
