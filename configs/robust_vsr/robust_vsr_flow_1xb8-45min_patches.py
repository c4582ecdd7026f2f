# With flow warping before the branches, the best of the aligners at 1,000 steps (robust_vsr_*_1xb8-1k_patches.py), 45
# minutes on from robust_vsr_none_1xb16-75min_patches.py: the paper's 124,256 parameters, with the bicubic skip.
_base_ = 'robust_vsr_flow_1xb8-1k_patches.py'

branches = ['robust_vsr_none_1xb16-75min_patches', 'pretrained:robust-vsr-joint']
custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint=branches, source='generator.network.')])]

train_cfg = dict(max_iters=15_000, max_minutes=45, val_interval=500)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=15_000, T_max=14_800)]
