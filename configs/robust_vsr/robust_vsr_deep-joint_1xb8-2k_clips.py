# A deeper RobustVSR, stage 2: branches and modulation together, from stage 1, without alignment.
_base_ = 'robust_vsr_deep-b3_1xb8-12k_clips.py'

deep_branch = dict(**_base_.robust_vsr.network.branch, num_blocks=2)
model = dict(generator=dict(network=dict(_base_.robust_vsr.network, _delete_=True, branch=deep_branch)))

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint=stage, source=source, target=f'generator.network.branches.{i}.')
            for i, (stage, source) in enumerate(
                (
                    ('robust_vsr_deep-b1_1xb16-6k_clips', 'generator.'),
                    ('robust_vsr_deep-b2_1xb8-8k_clips', 'generator.network.branch.'),
                    ('robust_vsr_deep-b3_1xb8-12k_clips', 'generator.network.branch.'),
                )
            )
        ],
    )
]

train_cfg = dict(max_iters=2_000, val_interval=500)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=2_000, T_max=1_800)]
