# A deeper RobustVSR, last stage, with the spatial alignment network; all stages: see robust_vsr_deep-b1.
_base_ = 'robust_vsr_final-stn_1xb8-2k_clips.py'

experiment_name = 'robust_vsr_deep-final-stn_1xb8-2k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(network=dict(branch=dict(num_blocks=2))))

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(checkpoint='robust_vsr_deep-joint_1xb8-8k_clips', source='generator.network.'),
            dict(checkpoint='robust_vsr_stn_1xb16-2k_clips', source='generator.aligner.'),
        ],
    )
]
