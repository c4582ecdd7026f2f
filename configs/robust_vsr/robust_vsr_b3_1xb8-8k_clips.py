# Stage 1: the branch of 5 frames alone, on frames aligned by rectified flow.
# Its first layer starts from that of one frame.
_base_ = 'robust_vsr_b1_1xb16-5k_clips.py'

experiment_name = 'robust_vsr_b3_1xb16-5k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(
    generator=dict(
        network=dict(_delete_=True, **_base_.robust_vsr.branches[2]),
        aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.rectified),
    )
)

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[dict(checkpoint='robust_vsr_b1_1xb16-5k_clips', source='generator.network.', inflate=True)],
    )
]

optim_wrapper = dict(optimizer=dict(lr=5e-4))
