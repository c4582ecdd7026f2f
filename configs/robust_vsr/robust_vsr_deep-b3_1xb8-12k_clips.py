# A deeper RobustVSR, stage 1: the branch of five frames alone, without alignment. All stages: see robust_vsr_deep-b1.
_base_ = 'robust_vsr_b3_1xb8-5k_clips.py'

model = dict(generator=dict(network=dict(branch=dict(num_blocks=2)), aligner=None))

# In robust_vsr_b3 the neighbours' kernels started from zero and stayed near it for 5,000 iterations.
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint='robust_vsr_deep-b1_1xb16-6k_clips',
                source='generator.',
                target='generator.network.branch.',
                inflate='difference',
            )
        ],
    )
]

# 28 pixels at low resolution.
window_steps = [dict(_base_.clips_and_photos_patch, gt_patch_size=112), *_base_.clips_and_photos_window_end]
window_clips, window_photos = _base_.clips_and_photos_window_clips, _base_.clips_and_photos_window_photos
window_clips.dataset.update(pipeline=[_base_.clips_and_photos_load, *window_steps])
window_photos.update(pipeline=window_steps)
train_dataloader = dict(dataset=dict(datasets=[window_clips, window_photos]))

train_cfg = dict(max_iters=12_000, val_interval=1000)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
param_scheduler = [_base_.lr_warmup, dict(_base_.lr_cosine, end=12_000, T_max=11_800)]
