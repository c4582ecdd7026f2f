# With GELU in the place of ReLU in the branches, otherwise as
# robust_vsr_none_1xb16-100k_patches.py.
_base_ = 'robust_vsr_none_1xb16-100k_patches.py'

experiment_name = 'robust_vsr_gelu_1xb16-100k_patches'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(network=dict(branch=dict(activation='gelu'))))
