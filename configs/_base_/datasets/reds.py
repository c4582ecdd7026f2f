# REDS, BIx4: 266 clips to train on and REDS4 (000, 011, 015, 020) to measure on, 100 frames of 720x1280 each.
# To make it: vsr prepare reds SRC DATA_ROOT
reds_root = '{{$VSR_DATA_ROOT:data}}/REDS'
reds_prefix = dict(img='train_sharp_bicubic/X4', gt='train_sharp')
# The input of deblurring, from `vsr prepare reds SRC DATA_ROOT --frames blur` (or blur_comp), at full size.
reds_blur_prefix = dict(img='train_blur', gt='train_sharp')
reds_blur_comp_prefix = dict(img='train_blur_comp', gt='train_sharp')
reds_load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]
reds_crop_and_turn = [
    dict(type='PairedRandomCrop', gt_patch_size=256),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=['img', 'gt'], transpose_ratio=0.5),
]
reds_augment = [dict(type='SetValues', dictionary=dict(scale=4)), *reds_crop_and_turn]

reds_train_loader = dict(
    num_workers=2, batch_size=4, persistent_workers=True, sampler=dict(type='InfiniteSampler', shuffle=True)
)
reds_train_dataset = dict(
    type='ClipFramesDataset',
    data_root=reds_root,
    data_prefix=reds_prefix,
    ann_file='meta_info_reds4_train.txt',
    prepare='reds',
)

reds_blur_train_dataset = dict(reds_train_dataset, data_prefix=reds_blur_prefix)

# Fifteen consecutive frames from anywhere in a clip.
reds_train_sequence_dataloader = dict(
    **reds_train_loader,
    dataset=dict(
        **reds_train_dataset,
        num_input_frames=15,
        pipeline=[
            dict(type='SampleSegment'),
            *reds_load,
            *reds_augment,
            dict(type='StackFrames', keys=['img', 'gt']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# Five frames in, the one in the middle out.
reds_train_window_dataloader = dict(
    **reds_train_loader,
    dataset=dict(
        **reds_train_dataset,
        samples='frames',
        num_input_frames=5,
        num_output_frames=1,
        pipeline=[
            *reds_load,
            *reds_augment,
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# One frame in, one frame out.
reds_train_frame_dataloader = dict(
    **reds_train_loader,
    dataset=dict(
        **reds_train_dataset,
        samples='frames',
        pipeline=[*reds_load, *reds_augment, dict(type='PackInputs', meta_keys=['key'])],
    ),
)

reds4_bix4_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
reds4_bix4_dataset = dict(
    type='ClipFramesDataset',
    data_root=reds_root,
    data_prefix=reds_prefix,
    ann_file='meta_info_reds4_val.txt',
    prepare='reds',
    test_mode=True,
)

# A whole clip in, a whole clip out: 276 MB of ground truth a clip.
reds4_bix4_sequence_dataloader = dict(
    **reds4_bix4_loader,
    dataset=dict(
        **reds4_bix4_dataset,
        pipeline=[
            *reds_load,
            dict(type='StackFrames', keys=['img', 'gt']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# Five frames in, the one in the middle out, with EDVR's padding.
reds4_bix4_window_dataloader = dict(
    **reds4_bix4_loader,
    dataset=dict(
        **reds4_bix4_dataset,
        samples='frames',
        num_input_frames=5,
        num_output_frames=1,
        padding='reflection_circle',
        pipeline=[
            *reds_load,
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# One frame in, one frame out.
reds4_bix4_frame_dataloader = dict(
    **reds4_bix4_loader,
    dataset=dict(
        **reds4_bix4_dataset, samples='frames', pipeline=[*reds_load, dict(type='PackInputs', meta_keys=['key'])]
    ),
)

reds4_bix4_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='reds4_rgb', prefix='REDS4-BIx4')]
)

reds4_blur_window_dataloader = dict(
    reds4_bix4_window_dataloader, dataset=dict(reds4_bix4_window_dataloader['dataset'], data_prefix=reds_blur_prefix)
)
reds4_blur_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='reds4_rgb', prefix='REDS4-blur')]
)
