# With the spatial alignment network before the branches, which learns from the first step too, otherwise as
# robust_vsr_none_1xb8-1k_patches.py.
_base_ = 'robust_vsr_none_1xb8-1k_patches.py'

model = dict(
    **_base_.robust_vsr_alignment_loss,
    generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.stn)),
)
