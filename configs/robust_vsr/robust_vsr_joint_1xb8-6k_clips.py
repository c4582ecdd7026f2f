# Stage 2, first step: branches and modulation together, from stage 1, on frames aligned by rectified flow.
_base_ = 'robust_vsr_b1_1xb16-5k_clips.py'

experiment_name = 'robust_vsr_joint_1xb16-3k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    generator=dict(
        network=dict(_delete_=True, **_base_.robust_vsr.network),
        aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.rectified),
    )
)

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint=stage, source='generator.network.branch.', target=f'generator.network.branches.{i}.')
            for i, stage in enumerate(
                ('robust_vsr_b1_1xb16-5k_clips', 'robust_vsr_b2_1xb16-3k_clips', 'robust_vsr_b3_1xb16-5k_clips')
            )
        ],
    )
]

train_cfg = dict(max_iters=3_000)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=3_000, T_max=2_800)
