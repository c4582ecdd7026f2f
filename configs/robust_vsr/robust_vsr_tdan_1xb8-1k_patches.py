# With TDAN's deformable alignment before the branches, a TDAN-style temporal-adaptive network, otherwise as
# robust_vsr_none_1xb8-1k_patches.py. The alignment has half of TDAN's channels, which a CPU core trains in an hour.
_base_ = 'robust_vsr_none_1xb8-1k_patches.py'

model = dict(generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.deformable, mid_channels=32)))
