# 'Ours' with a bicubic skip, 4,108,739 parameters, for an hour of one GPU, by the recipe of the half-width network.
# Stopped at any moment, it goes on with --resume:
#   mim train mmagic configs/latent_attn/latent_attn_llsll-c64_1xb16-20k_clips.py --resume
_base_ = 'latent_attn_llsll-c32_1xb4-2k_clips.py'

model = dict(generator=dict(mid_channels=64))

# A GPU eats faster than few processes degrade.
train_dataloader = dict(batch_size=16, num_workers=14)

train_cfg = dict(max_iters=20_000, val_interval=1000)
# In bfloat16 (type='BFloat16OptimWrapper') a step takes 0.7 times as long, but the loss can become NaN.
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [
    dict(_base_.lr_warmup, end=500),
    dict(_base_.lr_cosine, begin=500, end=20_000, T_max=19_500, eta_min=5e-6),
]

default_hooks = dict(checkpoint=dict(interval=500))
