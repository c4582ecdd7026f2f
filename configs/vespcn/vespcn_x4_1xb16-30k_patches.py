# VESPCN goes on from vespcn_x4_1xb8-20k_clips.py for 30,000 small steps from a bank of patches, of clips and, as often,
# photographs in motion:
#     vsr prepare patches CLIPS DATA_ROOT --photos PHOTOS
_base_ = ['vespcn_x4_1xb8-20k_clips.py', '../_base_/datasets/patch_bank.py']

model = dict(data_preprocessor=dict(type='BatchDataPreprocessor'))

first = ['vespcn_x4_1xb8-20k_clips', 'pretrained:early-vespcn']
custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint=first, source='generator.')])]

train_dataloader = dict(_delete_=True, **_base_.patch_bank_train_window_dataloader)
train_dataloader['dataset'].update(num_input_frames=3, times=dict(photos=3))

train_cfg = dict(max_iters=30_000, val_interval=2000)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=30_000, T_max=29_800)]
