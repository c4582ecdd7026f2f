# A deeper RobustVSR, which is not the paper's: each branch has two residual blocks, 172,464 parameters for one frame.
# All stages:
#   vsr stages configs/robust_vsr/robust_vsr_deep-{b1,b3,b2,joint,final}_*.py
_base_ = 'robust_vsr_b1_1xb16-30k_clips.py'

model = dict(generator=dict(num_blocks=2))

# 24 pixels at low resolution: it sees more of them.
frame_steps = [dict(_base_.clips_and_photos_frame_patch, gt_patch_size=96), *_base_.clips_frame_end]
frame_clips, frame_photos = _base_.clips_and_photos_frame_clips, _base_.clips_and_photos_frame_photos
frame_clips.dataset.update(pipeline=[_base_.clips_and_photos_load, *frame_steps])
frame_photos.update(pipeline=frame_steps)
train_dataloader = dict(dataset=dict(datasets=[frame_clips, frame_photos]))

train_cfg = dict(max_iters=6_000)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=6_000, T_max=5_800)]
