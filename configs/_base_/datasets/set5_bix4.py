# Set5, BIx4: five pictures, each a clip of one frame. To make it: vsr prepare set5 SRC DATA_ROOT
set5_bix4_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
set5_bix4_dataset = dict(
    type='ClipFramesDataset',
    data_root='{{$VSR_DATA_ROOT:data}}/Set5',
    data_prefix=dict(img='BIx4', gt='GT'),
    ann_file='meta_info_Set5_GT.txt',
    prepare='set5',
    test_mode=True,
)
set5_bix4_load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]

# A clip of one frame in, one out.
set5_bix4_sequence_dataloader = dict(
    **set5_bix4_loader,
    dataset=dict(
        **set5_bix4_dataset,
        pipeline=[
            *set5_bix4_load,
            dict(type='StackFrames', keys=['img', 'gt']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# One frame in, one frame out.
set5_bix4_frame_dataloader = dict(
    **set5_bix4_loader,
    dataset=dict(
        **set5_bix4_dataset, samples='frames', pipeline=[*set5_bix4_load, dict(type='PackInputs', meta_keys=['key'])]
    ),
)

set5_bix4_evaluator = dict(type='Evaluator', metrics=[dict(type='VSRMetric', protocol='sisr', prefix='Set5-BIx4')])
