# With GELU in the place of ReLU in the branches, otherwise as robust_vsr_none_1xb16-2k_patches.py.
_base_ = 'robust_vsr_none_1xb16-2k_patches.py'

model = dict(generator=dict(network=dict(branch=dict(activation='gelu'))))
