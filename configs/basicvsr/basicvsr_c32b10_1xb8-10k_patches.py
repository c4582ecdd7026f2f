# BasicVSR at half the width with a third of the blocks (32 channels, 10 residual blocks a direction; published are 64
# and 30), for minutes of one GPU, on 7 frames for 15. The flow starts from the released SPyNet, pip install
# '.[basicvsr]', and is trained along after a tenth of the schedule.
# In float32, which on GPUs is TF32 in convolutions: flow in bfloat16 is coarse.
#   vsr prepare patches CLIPS DATA_ROOT --patch-size 256 --photos PHOTOS
#   vsr prepare clips CLIPS DATA_ROOT                      # for validation
_base_ = ['basicvsr_1xb4-300k_clips.py', '../_base_/datasets/patch_bank.py']

model = dict(
    generator=dict(mid_channels=32, num_blocks=10),
    train_cfg=dict(fix_iter=1000),
    data_preprocessor=dict(type='BatchDataPreprocessor'),
)

# 64 pixels at low resolution, below which upstream's network warns in every iteration.
train_dataloader = dict(_delete_=True, **_base_.patch_bank_train_sequence_dataloader)
train_dataloader['batch_size'] = 8
train_dataloader['dataset']['gt_patch_size'] = 256
val_dataloader = [_base_.clips_val_sequence_dataloader]
val_evaluator = [_base_.clips_val_evaluator]

train_cfg = dict(max_iters=10_000, val_interval=2500)
optim_wrapper = dict(optimizer=dict(lr=4e-4))
param_scheduler = dict(_delete_=True, type='CosineAnnealingLR', by_epoch=False, begin=0, end=10_000, eta_min=1e-6)

default_hooks = dict(logger=dict(interval=50), checkpoint=dict(interval=500))
