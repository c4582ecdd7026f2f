# Clips and, as often, photographs in motion, as windows of five frames, sequences of seven or single frames: clips have
# real motion, photographs far more texture. VSR_PHOTOS names a folder of photographs; without it they are those that
# come with scikit-image.
_base_ = ['clips.py', 'photomotion.py']

clips_and_photos_loader = dict(persistent_workers=True, sampler=dict(type='InfiniteSampler', shuffle=True))
clips_and_photos_dataset = dict(type='ConcatDataset', ignore_keys=['dataset_type', 'task_name'])
# Decoding would take longer than training.
clips_and_photos_load = dict(type='LoadFrames', key='gt', decoded_mb=400)
clips_and_photos_photos = dict(
    type='PhotoMotionDataset', data_root=_base_.photomotion_root, split='train', clips_per_image=4, seed=0
)

clips_and_photos_reverse = dict(type='TemporalReverse', keys=['img'])

# Each of the two sources and each step has a name, and nothing is edited by its position. With another crop:
#     window_steps = [dict(_base_.clips_and_photos_patch, gt_patch_size=96), *_base_.clips_and_photos_window_end]
#     window_clips, window_photos = _base_.clips_and_photos_window_clips, _base_.clips_and_photos_window_photos
#     window_clips.dataset.update(pipeline=[_base_.clips_and_photos_load, *window_steps])
#     window_photos.update(pipeline=window_steps)
#     train_dataloader = _base_.clips_and_photos_train_window_dataloader
#     train_dataloader.dataset.update(datasets=[window_clips, window_photos])

# One patch of the spatial alignment network, 36 pixels at low resolution.
clips_and_photos_patch = dict(type='DegradeFrames', kind='BI', scale=4, gt_patch_size=144)
clips_and_photos_window_end = [
    _base_.clips_center,
    *_base_.clips_augment,
    clips_and_photos_reverse,
    _base_.clips_stack_window,
    _base_.clips_pack,
]
clips_and_photos_window_steps = [clips_and_photos_patch, *clips_and_photos_window_end]
clips_and_photos_window_clips = dict(
    type='RepeatDataset',
    times=3,
    dataset=dict(
        **_base_.clips_train_dataset,
        samples='frames',
        num_input_frames=5,
        pipeline=[clips_and_photos_load, *clips_and_photos_window_steps],
    ),
)
clips_and_photos_window_photos = dict(
    **clips_and_photos_photos,
    num_frames=5,
    gt_size=(160, 160),
    cache_mb=500,
    pipeline=clips_and_photos_window_steps,
)
clips_and_photos_train_window_dataloader = dict(
    num_workers=1,
    batch_size=16,
    **clips_and_photos_loader,
    dataset=dict(**clips_and_photos_dataset, datasets=[clips_and_photos_window_clips, clips_and_photos_window_photos]),
)

clips_and_photos_sequence_steps = [
    dict(type='DegradeFrames', kind='BI', scale=4, gt_patch_size=128),
    *_base_.clips_augment,
    dict(clips_and_photos_reverse, keys=['img', 'gt']),
    *_base_.clips_sequence_whole_end,
]
clips_and_photos_sequence_clips = dict(
    type='RepeatDataset',
    times=42,
    dataset=dict(
        **_base_.clips_train_dataset,
        num_input_frames=7,
        pipeline=[_base_.clips_sample, clips_and_photos_load, *clips_and_photos_sequence_steps],
    ),
)
clips_and_photos_sequence_photos = dict(
    **clips_and_photos_photos,
    num_frames=7,
    gt_size=(144, 144),
    cache_mb=700,
    pipeline=clips_and_photos_sequence_steps,
)
clips_and_photos_train_sequence_dataloader = dict(
    num_workers=1,
    batch_size=4,
    **clips_and_photos_loader,
    dataset=dict(
        **clips_and_photos_dataset, datasets=[clips_and_photos_sequence_clips, clips_and_photos_sequence_photos]
    ),
)

# Small patches: a small network learns more from many steps than from many pixels.
clips_and_photos_frame_patch = dict(type='DegradeFrames', kind='BI', scale=4, gt_patch_size=80)
clips_and_photos_frame_steps = [clips_and_photos_frame_patch, *_base_.clips_frame_end]
clips_and_photos_frame_clips = dict(
    type='RepeatDataset',
    times=3,
    dataset=dict(
        **_base_.clips_train_dataset,
        samples='frames',
        pipeline=[clips_and_photos_load, *clips_and_photos_frame_steps],
    ),
)
# Four pieces of a photograph, larger than the patches.
clips_and_photos_frame_photos = dict(
    **clips_and_photos_photos,
    samples='frames',
    num_frames=1,
    gt_size=(288, 288),
    cache_mb=500,
    pipeline=clips_and_photos_frame_steps,
)
clips_and_photos_train_frame_dataloader = dict(
    num_workers=1,
    batch_size=16,
    **clips_and_photos_loader,
    dataset=dict(**clips_and_photos_dataset, datasets=[clips_and_photos_frame_clips, clips_and_photos_frame_photos]),
)
