# Half the width and fewer blocks, 2.16 million parameters, for less than an hour of two CPU cores. Beside the size,
# what is not the paper's: the bicubic skip, the mean squared error, patches of 24 x 24 at low resolution, a learning
# rate that starts at 1e-3 and falls.
_base_ = 'zooming-slow-mo_c64b5-40_1xb4-300k_clips.py'

model = dict(
    generator=dict(
        mid_channels=32,
        deform_groups=4,
        num_blocks_extraction=2,
        num_blocks_reconstruction=6,
        global_residual=True,
    ),
    pixel_loss=dict(_delete_=True, type='MSELoss', loss_weight=1.0, reduction='mean'),
)

train_dataloader = _base_.space_time.clips_train
train_dataloader.update(batch_size=2, num_workers=1)
train_dataloader.dataset.pipeline = [
    _base_.clips_sample,
    dict(_base_.clips_load, decoded_mb=1000),
    dict(_base_.clips_patch, gt_patch_size=96),
    *_base_.space_time_train_end,
]
val_dataloader = [_base_.space_time.clips_val]
val_evaluator = [_base_.space_time.clips_evaluator]
# The held-out clips first, beside which configs/two_stage/two-stage_blend-bicubic_clips.py is to be measured.
test_dataloader = [_base_.space_time.clips_val, _base_.space_time.vid4]
test_evaluator = [_base_.space_time.clips_evaluator, _base_.space_time.vid4_evaluator]

train_cfg = dict(max_iters=300, val_interval=150)
optim_wrapper = dict(optimizer=dict(lr=1e-3), clip_grad=dict(max_norm=3, norm_type=2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=30),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=30, end=300, T_max=270, eta_min=1e-5),
]
default_hooks = dict(logger=dict(interval=25), checkpoint=dict(interval=50))
