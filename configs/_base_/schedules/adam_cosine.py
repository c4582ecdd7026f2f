# Adam for trainings of hours on two cores: the rate rises at first and falls to a hundredth. For another length:
#     param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=3_000, T_max=2_800)]
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
)
lr_warmup = dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=200)
lr_cosine = dict(type='CosineAnnealingLR', by_epoch=False, begin=200, end=5_000, T_max=4_800, eta_min=1e-5)
param_scheduler = [lr_warmup, lr_cosine]
