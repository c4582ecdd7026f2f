# Stage 1: the branch of 3 frames alone, as that of 5.
_base_ = 'robust_vsr_b3_1xb8-5k_clips.py'

experiment_name = 'robust_vsr_b2_1xb8-4k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(network=dict(_delete_=True, **_base_.robust_vsr.branches[0])))

train_cfg = dict(max_iters=4_000)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=4_000, T_max=3_800)
