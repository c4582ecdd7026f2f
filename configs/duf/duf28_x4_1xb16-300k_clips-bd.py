# DUF with 28 layers, otherwise as that with 16.
_base_ = 'duf16_x4_1xb16-300k_clips-bd.py'

experiment_name = 'duf28_x4_1xb16-300k_clips-bd'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(num_layers=28))
