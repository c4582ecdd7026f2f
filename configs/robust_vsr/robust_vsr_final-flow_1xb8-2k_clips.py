# Stage 2, second step, with plain flow warping in the place of the spatial alignment network, for comparison.
_base_ = 'robust_vsr_final-rectified_1xb8-2k_clips.py'

model = dict(generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.flow)))
