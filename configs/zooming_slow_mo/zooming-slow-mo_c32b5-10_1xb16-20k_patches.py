# Half the width and a quarter of the last blocks, 2,291,355 parameters, for minutes of one GPU (train_cfg.max_minutes),
# from a bank of patches:
#   vsr prepare patches CLIPS DATA_ROOT --photos PHOTOS
#   vsr prepare clips CLIPS DATA_ROOT                      # for validation
# Beside the size, what is not the paper's: the bicubic skip, the mean of the loss, bfloat16, one cosine.
_base_ = ['zooming-slow-mo_c64b5-40_1xb4-300k_clips.py', '../_base_/datasets/patch_bank.py']

model = dict(
    generator=dict(mid_channels=32, deform_groups=4, num_blocks_reconstruction=10, global_residual=True),
    pixel_loss=dict(reduction='mean'),
    data_preprocessor=dict(type='BatchDataPreprocessor'),
)

train_dataloader = dict(_delete_=True, **_base_.patch_bank_train_half_rate_dataloader)
val_dataloader = [_base_.space_time.clips_val]
val_evaluator = [_base_.space_time.clips_evaluator]
# The held-out clips first, beside which configs/two_stage/two-stage_blend-bicubic_clips.py is to be measured.
test_dataloader = [_base_.space_time.clips_val, _base_.space_time.vid4]
test_evaluator = [_base_.space_time.clips_evaluator, _base_.space_time.vid4_evaluator]

train_cfg = dict(max_iters=20_000, val_interval=2500)
optim_wrapper = dict(type='BFloat16OptimWrapper', optimizer=dict(lr=4e-4), clip_grad=dict(max_norm=1, norm_type=2))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=500),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=500, end=20_000, T_max=19_500, eta_min=1e-6),
]
default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
