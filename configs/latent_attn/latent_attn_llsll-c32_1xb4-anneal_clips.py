# The end of ..._constant_clips.py: from its last checkpoint the rate falls to 1e-5 in the given minutes. The weights in
# the package were annealed from iteration 3,300, for 80 minutes of one busy CPU core (782 steps).
_base_ = 'latent_attn_llsll-c32_1xb4-constant_clips.py'

custom_hooks = [
    dict(type='LoadPartsHook', parts=[dict(checkpoint='latent_attn_llsll-c32_1xb4-constant_clips', which='last')])
]

train_cfg = dict(max_iters=1800, max_minutes=80, val_interval=450)
param_scheduler = [
    dict(type='CosineAnnealingLR', by_epoch=False, begin=0, end=1800, T_max=1800, eta_min=1e-5),
]
