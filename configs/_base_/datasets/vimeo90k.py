# Vimeo-90K septuplets, 64612 to train on and 7824 to measure on, 256x448. `img='BDx4'` in the prefix gives BD.
# To make it: vsr prepare vimeo90k SRC DATA_ROOT
vimeo90k_root = '{{$VSR_DATA_ROOT:data}}/vimeo90k'
vimeo90k_prefix = dict(img='BIx4', gt='GT')
vimeo90k_frames = ['im1.png', 'im2.png', 'im3.png', 'im4.png', 'im5.png', 'im6.png', 'im7.png']
# The window of five around frame 4, and the four that are given where the others are to be made.
vimeo90k_window_frames = ['im2.png', 'im3.png', 'im4.png', 'im5.png', 'im6.png']
vimeo90k_half_rate_frames = ['im1.png', 'im3.png', 'im5.png', 'im7.png']
vimeo90k_load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]
vimeo90k_scale = dict(type='SetValues', dictionary=dict(scale=4))
vimeo90k_crop = dict(type='PairedRandomCrop', gt_patch_size=256)
vimeo90k_turn = [
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=['img', 'gt'], transpose_ratio=0.5),
]
vimeo90k_augment = [vimeo90k_scale, vimeo90k_crop, *vimeo90k_turn]

vimeo90k_train_loader = dict(
    num_workers=2, batch_size=4, persistent_workers=True, sampler=dict(type='InfiniteSampler', shuffle=True)
)
vimeo90k_train_dataset = dict(
    type='ClipFramesDataset',
    data_root=vimeo90k_root,
    data_prefix=vimeo90k_prefix,
    ann_file='meta_info_Vimeo90K_train_GT.txt',
    depth=2,
    prepare='vimeo90k',
)

# Seven frames, then the same seven backwards, as BasicVSR is trained.
vimeo90k_train_sequence_dataloader = dict(
    **vimeo90k_train_loader,
    dataset=dict(
        **vimeo90k_train_dataset,
        load_frames_list=dict(img=vimeo90k_frames, gt=vimeo90k_frames),
        pipeline=[
            *vimeo90k_load,
            *vimeo90k_augment,
            dict(type='MirrorSequence', keys=['img', 'gt']),
            dict(type='StackFrames', keys=['img', 'gt']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# Five frames in, the one in the middle out.
vimeo90k_train_window_dataloader = dict(
    **vimeo90k_train_loader,
    dataset=dict(
        **vimeo90k_train_dataset,
        load_frames_list=dict(img=vimeo90k_window_frames, gt=['im4.png']),
        pipeline=[
            *vimeo90k_load,
            *vimeo90k_augment,
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# The frame in the middle alone.
vimeo90k_train_frame_dataloader = dict(
    **vimeo90k_train_loader,
    dataset=dict(
        **vimeo90k_train_dataset,
        load_frames_list=dict(img=['im4.png'], gt=['im4.png']),
        pipeline=[*vimeo90k_load, *vimeo90k_augment, dict(type='PackInputs', meta_keys=['key'])],
    ),
)

vimeo90k_test_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
vimeo90k_test_dataset = dict(
    type='ClipFramesDataset',
    data_root=vimeo90k_root,
    data_prefix=vimeo90k_prefix,
    ann_file='meta_info_Vimeo90K_test_GT.txt',
    depth=2,
    prepare='vimeo90k',
    test_mode=True,
)

# Mirrored as upstream's BasicVSR wants it, which returns the mean of its two versions of frame 4, all that is measured.
vimeo90k_test_sequence_dataloader = dict(
    **vimeo90k_test_loader,
    dataset=dict(
        **vimeo90k_test_dataset,
        load_frames_list=dict(img=vimeo90k_frames, gt=['im4.png']),
        pipeline=[
            *vimeo90k_load,
            dict(type='MirrorSequence', keys=['img']),
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# Five frames in, frame 4 out.
vimeo90k_test_window_dataloader = dict(
    **vimeo90k_test_loader,
    dataset=dict(
        **vimeo90k_test_dataset,
        load_frames_list=dict(img=vimeo90k_window_frames, gt=['im4.png']),
        pipeline=[
            *vimeo90k_load,
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# Frame 4 alone.
vimeo90k_test_frame_dataloader = dict(
    **vimeo90k_test_loader,
    dataset=dict(
        **vimeo90k_test_dataset,
        load_frames_list=dict(img=['im4.png'], gt=['im4.png']),
        pipeline=[*vimeo90k_load, dict(type='PackInputs', meta_keys=['key'])],
    ),
)

# Every sample is a septuplet of its own, of which one frame is measured.
vimeo90k_test_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='vimeo90k', selected=True, prefix='Vimeo-90K-T-BIx4')]
)
