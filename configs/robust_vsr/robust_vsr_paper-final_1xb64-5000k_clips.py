# The paper's RobustVSR, stage 2: all branches, the modulation and the spatial alignment network together (sections 3.3
# and 4.2), without a bicubic skip. All stages:
#   vsr stages configs/robust_vsr/robust_vsr_paper-{b1,b2,b3,final}_*.py
_base_ = 'robust_vsr_paper-b3_1xb64-5000k_clips.py'

model = dict(
    **_base_.robust_vsr_alignment_loss,
    generator=dict(
        network=dict(_delete_=True, **_base_.robust_vsr_paper.network),
        aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.stn),
    ),
)

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint=stage, source=source, target=f'generator.network.branches.{i}.')
            for i, (stage, source) in enumerate(
                (
                    ('robust_vsr_paper-b1_1xb64-5000k_clips', 'generator.'),
                    ('robust_vsr_paper-b2_1xb64-5000k_clips', 'generator.network.branch.'),
                    ('robust_vsr_paper-b3_1xb64-5000k_clips', 'generator.network.branch.'),
                )
            )
        ],
    )
]
