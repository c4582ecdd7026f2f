# Stage 2, second step, with rectified flow in the place of the spatial alignment network, for comparison.
_base_ = 'robust_vsr_joint_1xb8-4k_clips.py'

joint_part = dict(checkpoint='robust_vsr_joint_1xb8-4k_clips', source='generator.network.')
custom_hooks = [dict(type='LoadPartsHook', parts=[joint_part])]

train_cfg = dict(max_iters=2_000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=2_000, T_max=1_800)]
