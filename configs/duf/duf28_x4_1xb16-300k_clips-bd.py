# DUF with 28 layers, otherwise as that with 16.
_base_ = 'duf16_x4_1xb16-300k_clips-bd.py'

model = dict(generator=dict(num_layers=28))
