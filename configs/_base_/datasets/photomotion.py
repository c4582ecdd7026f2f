# Clips from photographs by camera motion, BIx4 made while loading. VSR_PHOTOS names a folder of photographs; without it
# they are those that scikit-image has in its wheel.
#
# In a config that inherits from this one:
#     train_dataloader = _base_.photomotion_train_sequence_dataloader
#     train_dataloader.dataset.update(clips_per_image=500, num_frames=15, gt_size=(272, 272))
#     train_dataloader.dataset.pipeline = [
#         dict(_base_.photomotion_patch, gt_patch_size=256),
#         *_base_.photomotion_sequence_end,
#     ]
photomotion_photos = '{{$VSR_PHOTOS:embedded}}'
photomotion_root = None if photomotion_photos == 'embedded' else photomotion_photos
photomotion_patch = dict(type='DegradeFrames', kind='BI', scale=4, gt_patch_size=96)
photomotion_whole = dict(type='DegradeFrames', kind='BI', scale=4)
photomotion_augment = [
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=['img', 'gt'], transpose_ratio=0.5),
]
photomotion_pack = dict(type='PackInputs', meta_keys=['key'])
photomotion_sequence_whole_end = [dict(type='StackFrames', keys=['img', 'gt']), photomotion_pack]
photomotion_sequence_end = [*photomotion_augment, *photomotion_sequence_whole_end]
photomotion_center = dict(type='KeepCenterFrame', keys=['gt'])
photomotion_stack_window = dict(type='StackFrames', keys=['img'])
photomotion_window_whole_end = [photomotion_center, photomotion_stack_window, photomotion_pack]
photomotion_window_end = [photomotion_center, *photomotion_augment, photomotion_stack_window, photomotion_pack]

photomotion_train_loader = dict(
    num_workers=2, batch_size=4, persistent_workers=True, sampler=dict(type='InfiniteSampler', shuffle=True)
)
# A little larger than the patch, for the filter's margin and some freedom to crop. What is rendered is kept, as far as
# there is room; the 200 clips of the embedded photographs take 38 MB.
photomotion_train_dataset = dict(
    type='PhotoMotionDataset',
    data_root=photomotion_root,
    split='train',
    num_frames=5,
    gt_size=(112, 112),
    clips_per_image=40,
    seed=0,
    cache_mb=128,
)

# A whole clip in, a whole clip out.
photomotion_train_sequence_dataloader = dict(
    **photomotion_train_loader,
    dataset=dict(
        **photomotion_train_dataset,
        pipeline=[photomotion_patch, *photomotion_sequence_end],
    ),
)

# A whole clip in, its frame in the middle out.
photomotion_train_window_dataloader = dict(
    **photomotion_train_loader,
    dataset=dict(
        **photomotion_train_dataset,
        pipeline=[photomotion_patch, *photomotion_window_end],
    ),
)

# One frame in, one frame out.
photomotion_train_frame_dataloader = dict(
    **photomotion_train_loader,
    dataset=dict(
        **photomotion_train_dataset,
        samples='frames',
        pipeline=[photomotion_patch, *photomotion_augment, photomotion_pack],
    ),
)

photomotion_val_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
photomotion_val_dataset = dict(
    type='PhotoMotionDataset',
    data_root=photomotion_root,
    split='val',
    num_frames=10,
    gt_size=(160, 224),
    clips_per_image=2,
    seed=0,
    test_mode=True,
)

photomotion_val_sequence_dataloader = dict(
    **photomotion_val_loader,
    dataset=dict(
        **photomotion_val_dataset,
        pipeline=[photomotion_whole, *photomotion_sequence_whole_end],
    ),
)

photomotion_val_window_dataloader = dict(
    **photomotion_val_loader,
    dataset=dict(
        **photomotion_val_dataset,
        samples='frames',
        num_input_frames=5,
        pipeline=[photomotion_whole, *photomotion_window_whole_end],
    ),
)

photomotion_val_frame_dataloader = dict(
    **photomotion_val_loader,
    dataset=dict(
        **photomotion_val_dataset,
        samples='frames',
        pipeline=[photomotion_whole, photomotion_pack],
    ),
)

photomotion_val_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='basicvsr', prefix='PhotoMotion')]
)
