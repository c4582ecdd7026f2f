# Motion alone, from a bank of patches of clips and photographs in motion:
#     vsr prepare patches CLIPS DATA_ROOT --photos PHOTOS
# Stage 2: vespcn_x4_1xb16-30k_patches-motion.py
_base_ = ['vespcn_motion-x4_1xb8-3k_clips.py', '../_base_/datasets/patch_bank.py']

# The root of the squared error, and smoothness in the networks' unit with a small weight: with the mean square and
# smoothness in pixels, as in vespcn_motion-x4_1xb8-3k_clips.py, the neighbours hardly move.
model = dict(
    motion_loss=dict(type='CharbonnierLoss', eps=1e-6),
    flow_loss=dict(loss_weight=0.01, unit=32.0),
    data_preprocessor=dict(type='BatchDataPreprocessor'),
)

# 40 pixels at low resolution, since motion that leaves a patch teaches nothing.
train_dataloader = dict(_delete_=True, **_base_.patch_bank_train_window_dataloader)
train_dataloader['dataset'].update(num_input_frames=3, gt_patch_size=160)

train_cfg = dict(max_iters=8_000, val_interval=8000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=8_000, T_max=7_800)]
