# The TDAN-style temporal-adaptive network: TDAN's deformable alignment in the place of the spatial alignment network,
# before RobustVSR's branches and modulation. In the comparison of aligners: the same training. The alignment starts
# from random weights, and learns from the loss on the frames alone.
_base_ = 'robust_vsr_final-rectified_1xb8-2k_clips.py'

model = dict(generator=dict(aligner=dict(_delete_=True, **_base_.robust_vsr.aligners.deformable)))
