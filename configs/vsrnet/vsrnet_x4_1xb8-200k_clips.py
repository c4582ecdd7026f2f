# VSRnet on Y with adaptive motion compensation. Its training starts from SRCNN 9-5-5 on Y where one is given:
#   vsr convert --from vsrnet_srcnn srcnn.pth vsrnet_start.pth, then --cfg-options load_from=vsrnet_start.pth
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/restoration.py',
    '../_base_/datasets/clips.py',
    '../_base_/datasets/vid4_bix4.py',
]

model = dict(generator=dict(type='VSRNet', scale=4), pixel_loss=_base_.luma_mse)

train_dataloader = _base_.clips_train_window_dataloader
train_dataloader.update(batch_size=8)

val_dataloader = [_base_.clips_val_window_dataloader, _base_.vid4_bix4_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator, _base_.vid4_bix4_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=200_000, val_interval=5000)
# The paper: SGD, 1e-4 for the first two layers and a tenth of it for the last, 200,000 iterations. Here Adam.
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
    paramwise_cfg=dict(custom_keys={'generator.conv3': dict(lr_mult=0.1)}),
)

default_hooks = dict(checkpoint=dict(interval=5000, save_best='clips/PSNR', rule='greater'))
