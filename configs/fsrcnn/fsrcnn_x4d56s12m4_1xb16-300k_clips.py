# FSRCNN on Y, with the squared error on Y.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bix4.py',
]

model = dict(generator=dict(type='FSRCNNNet', in_channels=1, scale=4), pixel_loss=_base_.luma_mse)

train_dataloader = _base_.clips_train_sequence_dataloader
train_dataloader.update(batch_size=16)
train_dataloader.dataset.update(num_input_frames=1)

val_dataloader = [_base_.clips_val_sequence_dataloader, _base_.vid4_bix4_sequence_dataloader]
val_evaluator = [_base_.clips_val_evaluator, _base_.vid4_bix4_evaluator]
test_dataloader = [_base_.vid4_bix4_sequence_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=300_000, val_interval=5000)
# The paper: SGD, 1e-3 for the convolutions and 1e-4 for the transposed one. Here Adam, in the same proportion.
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
    paramwise_cfg=dict(custom_keys={'generator.deconv': dict(lr_mult=0.1)}),
)
param_scheduler = dict(type='CosineAnnealingLR', by_epoch=False, T_max=300_000, eta_min=1e-6)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
