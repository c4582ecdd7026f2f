# FSRCNN for 100,000 small steps, on the data of ESPCN.
_base_ = '../espcn/espcn_x4_1xb16-100k_patches.py'

model = dict(generator=dict(_delete_=True, type='FSRCNNNet', in_channels=1, scale=4))

# The transposed convolution at a tenth of the rate, as in the paper.
optim_wrapper = dict(paramwise_cfg=dict(custom_keys={'generator.deconv': dict(lr_mult=0.1)}))
