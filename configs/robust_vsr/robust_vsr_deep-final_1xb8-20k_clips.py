# A deeper RobustVSR, stage 3: the joint training goes on for longer, with the learning rate of the branches.
_base_ = 'robust_vsr_deep-joint_1xb8-2k_clips.py'

custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint='robust_vsr_deep-joint_1xb8-2k_clips')])]

train_cfg = dict(max_iters=20_000, val_interval=1000)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=20_000, T_max=19_800)]
