# Stage 2, first step: branches and modulation together, from stage 1, on frames aligned by rectified flow.
_base_ = 'robust_vsr_b3_1xb8-5k_clips.py'

model = dict(generator=dict(network=dict(_delete_=True, **_base_.robust_vsr.network)))

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint=stage, source=source, target=f'generator.network.branches.{i}.')
            for i, (stage, source) in enumerate(
                (
                    ('robust_vsr_b1_1xb16-30k_clips', 'generator.'),
                    ('robust_vsr_b2_1xb8-4k_clips', 'generator.network.branch.'),
                    ('robust_vsr_b3_1xb8-5k_clips', 'generator.network.branch.'),
                )
            )
        ],
    )
]

train_cfg = dict(max_iters=4_000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=4_000, T_max=3_800)]
