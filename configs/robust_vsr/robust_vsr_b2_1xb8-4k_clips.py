# Stage 1: the branch of 3 frames alone, as that of 5.
_base_ = 'robust_vsr_b3_1xb8-5k_clips.py'

model = dict(generator=dict(network=dict(_delete_=True, **_base_.robust_vsr.branches.of_three)))

train_cfg = dict(max_iters=4_000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=4_000, T_max=3_800)]
