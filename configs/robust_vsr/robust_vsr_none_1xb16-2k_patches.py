# The same for 2,000 steps: what gelu and srcnn of this length are compared with.
_base_ = 'robust_vsr_none_1xb16-100k_patches.py'

train_cfg = dict(max_iters=2_000, val_interval=500)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=2_000, T_max=1_800)]

default_hooks = dict(checkpoint=dict(interval=250))
