# Vid4, BIx4: calendar, city, foliage, walk. For measuring only. To make it: vsr prepare vid4 SRC DATA_ROOT
vid4_bix4_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
vid4_bix4_dataset = dict(
    type='ClipFramesDataset',
    data_root='{{$VSR_DATA_ROOT:data}}/Vid4',
    data_prefix=dict(img='BIx4', gt='GT'),
    ann_file='meta_info_Vid4_GT.txt',
    prepare='vid4',
    test_mode=True,
)
vid4_bix4_load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]

# A whole clip in, a whole clip out.
vid4_bix4_sequence_dataloader = dict(
    **vid4_bix4_loader,
    dataset=dict(
        **vid4_bix4_dataset,
        pipeline=[
            *vid4_bix4_load,
            dict(type='StackFrames', keys=['img', 'gt']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# Five frames in, the one in the middle out; num_input_frames may be any odd number.
vid4_bix4_window_dataloader = dict(
    **vid4_bix4_loader,
    dataset=dict(
        **vid4_bix4_dataset,
        samples='frames',
        num_input_frames=5,
        num_output_frames=1,
        padding='reflection',
        pipeline=[
            *vid4_bix4_load,
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# One frame in, one frame out.
vid4_bix4_frame_dataloader = dict(
    **vid4_bix4_loader,
    dataset=dict(
        **vid4_bix4_dataset, samples='frames', pipeline=[*vid4_bix4_load, dict(type='PackInputs', meta_keys=['key'])]
    ),
)

vid4_bix4_metric = dict(type='VSRMetric', protocol='basicvsr', prefix='Vid4-BIx4')
vid4_bix4_evaluator = dict(type='Evaluator', metrics=[vid4_bix4_metric])
