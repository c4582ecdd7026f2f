# The paper's RobustVSR, stage 1: the branch of three frames alone, as that of five.
_base_ = 'robust_vsr_paper-b3_1xb64-5000k_clips.py'

model = dict(generator=dict(network=dict(_delete_=True, **_base_.robust_vsr_paper.branches.of_three)))
