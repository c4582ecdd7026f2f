# FSRCNN for a quarter of an hour of two CPU cores, on the data of ESPCN.
_base_ = '../espcn/espcn_x4_1xb16-20k_clips.py'

model = dict(generator=dict(_delete_=True, type='FSRCNNNet', in_channels=1, scale=4))

# The transposed convolution at a tenth of the rate, as in the paper.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'generator.deconv': dict(lr_mult=0.1)}))

train_cfg = dict(max_iters=5_000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=5_000, T_max=4_800)]
