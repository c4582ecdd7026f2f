# ESPCN on Y for 100,000 small steps from a bank of patches, of clips and, as often, photographs in motion:
#     vsr prepare patches CLIPS DATA_ROOT --photos PHOTOS
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/patch_bank.py',
    '../_base_/datasets/vid4_bix4.py',
    '../_base_/schedules/adam_cosine.py',
]

model = dict(
    generator=dict(type='ESPCNNet', in_channels=1, scale=4),
    pixel_loss=_base_.luma_mse,
    data_preprocessor=dict(type='BatchDataPreprocessor'),
)

train_dataloader = _base_.patch_bank_train_frame_dataloader
train_dataloader.dataset.update(times=dict(photos=3))
val_dataloader = [_base_.clips_val_frame_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_frame_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

# The paper: SGD, a constant 1e-4 (1e-5 for the last layer), 5 million iterations. Here Adam, for a training of hours.
train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=100_000, val_interval=5000)
optim_wrapper = dict(optimizer=dict(lr=2e-3))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=100_000, T_max=99_800)]

default_hooks = dict(checkpoint=dict(interval=2500, save_best='clips/PSNR', rule='greater'))
