# VESPCN for two hours of two CPU cores, last step: more of the same on smaller patches. All steps:
#   vsr stages configs/vespcn/vespcn_motion-x4_1xb8-3k_clips.py configs/vespcn/vespcn_x4_1xb8-{8k,20k}_clips.py
_base_ = 'vespcn_x4_1xb8-8k_clips.py'

custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint='vespcn_x4_1xb8-8k_clips', source='generator.')])]

# A small network learns more from many steps than from many pixels.
window_steps = [dict(_base_.clips_and_photos_patch, gt_patch_size=96), *_base_.clips_and_photos_window_end]
window_clips, window_photos = _base_.clips_and_photos_window_clips, _base_.clips_and_photos_window_photos
window_clips.dataset.update(pipeline=[_base_.clips_and_photos_load, *window_steps])
window_photos.update(pipeline=window_steps)
train_dataloader = dict(dataset=dict(datasets=[window_clips, window_photos]))

train_cfg = dict(max_iters=20_000, val_interval=2000)
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=20_000, T_max=19_800)]
