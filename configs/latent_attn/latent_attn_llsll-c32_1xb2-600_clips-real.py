# For footage as it is found: scaled before in some samples, noise in some, then H.264, MPEG-4 or MPEG-2 at a rate or
# quantiser drawn anew. From the weights of latent_attn_llsll-c32_1xb2-60min_clips-h264.py, which know H.264 only.
_base_ = ['latent_attn_llsll-c32_1xb2-60min_clips-h264.py']

train_dataloader = _base_.damaged.real.sequence.train
train_dataloader.update(batch_size=2, num_workers=1)
train_cfg = dict(max_iters=600, max_minutes=None, val_interval=200)
param_scheduler = dict(T_max=600)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[dict(checkpoint=['latent_attn_llsll-c32_1xb2-60min_clips-h264', 'pretrained:real'])],
    )
]
