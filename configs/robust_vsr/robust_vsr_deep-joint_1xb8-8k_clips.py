# A deeper RobustVSR: all branches and modulation together, on frames aligned by rectified flow. Each branch starts from
# that of one frame: the frame in the middle has that one's first layer, its neighbours zeros.
_base_ = 'robust_vsr_joint_1xb8-4k_clips.py'

experiment_name = 'robust_vsr_deep-joint_1xb8-8k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(network=dict(branch=dict(num_blocks=2))))

custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint='robust_vsr_deep-b1_1xb16-15k_clips',
                source='generator.',
                target=f'generator.network.branches.{i}.',
                inflate='center',
            )
            for i in range(3)
        ],
    )
]

train_cfg = dict(max_iters=8_000)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=8_000, T_max=7_800)
