# For footage as it is found: noise in some samples, then H.264 at a rate factor between 18 and 35. An hour of one CPU
# core from the weights that were trained on clean frames.
_base_ = ['latent_attn_llsll-c32_1xb4-20k_clips-h264.py']

train_dataloader = _base_.damaged.noise_h264.sequence.train
train_dataloader.update(batch_size=2, num_workers=1)
train_cfg = dict(max_iters=1500, max_minutes=60, val_interval=500)
param_scheduler = dict(T_max=1500)
default_hooks = dict(logger=dict(interval=25), checkpoint=dict(interval=50))
