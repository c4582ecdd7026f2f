# With flow warping before the branches, otherwise as robust_vsr_none_1xb8-1k_patches.py.
_base_ = 'robust_vsr_none_1xb8-1k_patches.py'

model = dict(generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.flow)))
