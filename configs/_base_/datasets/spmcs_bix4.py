# SPMCS, BIx4: thirty clips of 31 frames. To make it: vsr prepare spmcs SRC DATA_ROOT
spmcs_bix4_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
spmcs_bix4_dataset = dict(
    type='ClipFramesDataset',
    data_root='{{$VSR_DATA_ROOT:data}}/SPMCS',
    data_prefix=dict(img='BIx4', gt='GT'),
    ann_file='meta_info_SPMCS_GT.txt',
    prepare='spmcs',
    test_mode=True,
)
spmcs_bix4_load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]

# A whole clip in, a whole clip out.
spmcs_bix4_sequence_dataloader = dict(
    **spmcs_bix4_loader,
    dataset=dict(
        **spmcs_bix4_dataset,
        pipeline=[
            *spmcs_bix4_load,
            dict(type='StackFrames', keys=['img', 'gt']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# Five frames in, the one in the middle out.
spmcs_bix4_window_dataloader = dict(
    **spmcs_bix4_loader,
    dataset=dict(
        **spmcs_bix4_dataset,
        samples='frames',
        num_input_frames=5,
        num_output_frames=1,
        padding='reflection',
        pipeline=[
            *spmcs_bix4_load,
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)

# One frame in, one frame out.
spmcs_bix4_frame_dataloader = dict(
    **spmcs_bix4_loader,
    dataset=dict(
        **spmcs_bix4_dataset, samples='frames', pipeline=[*spmcs_bix4_load, dict(type='PackInputs', meta_keys=['key'])]
    ),
)

spmcs_bix4_evaluator = dict(type='Evaluator', metrics=[dict(type='VSRMetric', protocol='spmcs', prefix='SPMCS-BIx4')])
