# Adam for trainings of hours on two cores: the rate rises at first and falls to a hundredth. For another length:
#     param_scheduler = _base_.param_scheduler
#     param_scheduler[1].update(end=3_000, T_max=2_800)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-3, betas=(0.9, 0.999)),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=200, end=5_000, T_max=4_800, eta_min=1e-5),
]
