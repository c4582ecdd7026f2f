# Stage 2, the paper's: branches, modulation and spatial alignment together, from the weights of stage 1.
_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/robust_vsr.py',
    '../_base_/datasets/clips_and_photos.py',
    '../_base_/datasets/vid4_bix4.py',
]

experiment_name = 'robust_vsr_joint-stn_1xb16-8k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    type='RobustVSR',
    generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.stn)),
    align_weight=0.01,
    label_flow=_base_.robust_vsr_flow,
    loss_border=3,
)

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint='robust_vsr_b1_1xb16-5k_clips',
                source='generator.network.branch.',
                target='generator.network.branches.0.',
            ),
            dict(
                checkpoint='robust_vsr_b2_1xb16-5k_clips',
                source='generator.network.branch.',
                target='generator.network.branches.1.',
            ),
            dict(
                checkpoint='robust_vsr_b3_1xb16-10k_clips',
                source='generator.network.branch.',
                target='generator.network.branches.2.',
            ),
            dict(checkpoint='robust_vsr_stn_1xb16-5k_clips', source='generator.aligner.'),
        ],
    )
]

train_dataloader = _base_.clips_and_photos_train_window_dataloader
val_dataloader = [_base_.clips_val_window_dataloader]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.vid4_bix4_window_dataloader]
test_evaluator = [_base_.vid4_bix4_evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=8_000, val_interval=500)
# The paper: SGD, a constant 1e-4 (1e-5 for the last layer), 5 million iterations. Here Adam, for a training of hours.
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=5e-4, betas=(0.9, 0.999)),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, begin=0, end=200),
    dict(type='CosineAnnealingLR', by_epoch=False, begin=200, end=8_000, T_max=7_800, eta_min=1e-5),
]

default_hooks = dict(checkpoint=dict(interval=500, save_best='clips/PSNR', rule='greater'))
