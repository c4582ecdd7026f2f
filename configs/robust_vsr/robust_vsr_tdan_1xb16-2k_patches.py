# TDAN's deformable alignment before RobustVSR's branches, all trained together from the first step, otherwise as
# robust_vsr_none_1xb16-2k_patches.py.
_base_ = 'robust_vsr_none_1xb16-2k_patches.py'

model = dict(generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.deformable)))
