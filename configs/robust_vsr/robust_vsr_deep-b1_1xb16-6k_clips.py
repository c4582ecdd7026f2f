# A deeper RobustVSR, which is not the paper's: each branch has two residual blocks, 172,464 parameters for one frame.
# All stages:
#   vsr stages configs/robust_vsr/robust_vsr_deep-{b1,b3,b2,joint,final}_*.py
_base_ = 'robust_vsr_b1_1xb16-30k_clips.py'

experiment_name = 'robust_vsr_deep-b1_1xb16-6k_clips'
work_dir = f'./work_dirs/{experiment_name}'

model = dict(generator=dict(num_blocks=2))

# 24 pixels at low resolution: it sees more of them.
train_dataloader = _base_.train_dataloader
train_dataloader.dataset.datasets[0].dataset.pipeline[1].update(gt_patch_size=96)
train_dataloader.dataset.datasets[1].pipeline[0].update(gt_patch_size=96)

train_cfg = dict(max_iters=6_000)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=6_000, T_max=5_800)
