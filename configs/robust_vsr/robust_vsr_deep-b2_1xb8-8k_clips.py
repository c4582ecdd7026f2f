# A deeper RobustVSR, stage 1: the branch of three frames alone, without alignment. All stages: see robust_vsr_deep-b1.
_base_ = 'robust_vsr_deep-b3_1xb8-12k_clips.py'

model = dict(generator=dict(network=dict(num_frames=3)))

train_cfg = dict(max_iters=8_000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=8_000, T_max=7_800)]
