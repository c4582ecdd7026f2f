# VESPCN for two hours of two CPU cores, last step: more of the same on smaller patches. All steps:
#   vsr stages configs/vespcn/vespcn_motion-x4_1xb8-3k_clips.py configs/vespcn/vespcn_x4_1xb8-{8k,20k}_clips.py
_base_ = 'vespcn_x4_1xb8-8k_clips.py'

experiment_name = 'vespcn_x4_1xb8-20k_clips'
work_dir = f'./work_dirs/{experiment_name}'

custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint='vespcn_x4_1xb8-8k_clips', source='generator.')])]

# A small network learns more from many steps than from many pixels.
train_dataloader = _base_.train_dataloader
train_dataloader.dataset.datasets[0].dataset.pipeline[1].update(gt_patch_size=96)
train_dataloader.dataset.datasets[1].pipeline[0].update(gt_patch_size=96)

train_cfg = dict(max_iters=20_000, val_interval=2000)
param_scheduler = _base_.param_scheduler
param_scheduler[1].update(end=20_000, T_max=19_800)
