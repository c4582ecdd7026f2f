# Clips of scenes that no training has seen, BIx4, in two groups that are reported apart: the four that were held out
# from the beginning, and ten of other scenes. Both lie in the clips of DATA_ROOT, where `vsr prepare clips` holds out
# the scenes of all of them, whichever source they come from:
#   vsr prepare clips SRC SRC_MORE DATA_ROOT --val davis_dog_0 davis_soapbox_0 davis_soapbox_1 vimeo_00002_0007 \
#       davis_kite-surf_0 davis_libby_0 imageio_cockatoo_0 metaex_1_0 rerender_antoni_0 sam2_blocks_0 sam2_dog_0 \
#       sampt_bees_0 vda_tokyo-walk_0 vimeo_00001_0001_0
held_out_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
held_out_dataset = dict(
    type='ClipFramesDataset',
    data_root='{{$VSR_DATA_ROOT:data}}/clips',
    data_prefix=dict(img='BIx4', gt='GT'),
    ann_file='meta_info_clips_val.txt',
    prepare='clips',
    test_mode=True,
)
held_out_4_dataset = dict(
    **held_out_dataset, clips=['davis_dog_0', 'davis_soapbox_0', 'davis_soapbox_1', 'vimeo_00002_0007']
)
held_out_10_dataset = dict(
    **held_out_dataset,
    clips=[
        'davis_kite-surf_0',
        'davis_libby_0',
        'imageio_cockatoo_0',
        'metaex_1_0',
        'rerender_antoni_0',
        'sam2_blocks_0',
        'sam2_dog_0',
        'sampt_bees_0',
        'vda_tokyo-walk_0',
        'vimeo_00001_0001_0',
    ],
)
held_out_load = [dict(type='LoadFrames', key='img'), dict(type='LoadFrames', key='gt')]

# A whole clip in, a whole clip out.
held_out_sequence_pipeline = [
    *held_out_load,
    dict(type='StackFrames', keys=['img', 'gt']),
    dict(type='PackInputs', meta_keys=['key']),
]
held_out_4_sequence_dataloader = dict(
    **held_out_loader, dataset=dict(**held_out_4_dataset, pipeline=held_out_sequence_pipeline)
)
held_out_10_sequence_dataloader = dict(
    **held_out_loader, dataset=dict(**held_out_10_dataset, pipeline=held_out_sequence_pipeline)
)

# Five frames in, the one in the middle out; num_input_frames may be any odd number.
held_out_window = dict(
    samples='frames',
    num_input_frames=5,
    num_output_frames=1,
    padding='reflection',
    pipeline=[*held_out_load, dict(type='StackFrames', keys=['img']), dict(type='PackInputs', meta_keys=['key'])],
)
held_out_4_window_dataloader = dict(**held_out_loader, dataset=dict(**held_out_4_dataset, **held_out_window))
held_out_10_window_dataloader = dict(**held_out_loader, dataset=dict(**held_out_10_dataset, **held_out_window))

# One frame in, one frame out.
held_out_frame = dict(samples='frames', pipeline=[*held_out_load, dict(type='PackInputs', meta_keys=['key'])])
held_out_4_frame_dataloader = dict(**held_out_loader, dataset=dict(**held_out_4_dataset, **held_out_frame))
held_out_10_frame_dataloader = dict(**held_out_loader, dataset=dict(**held_out_10_dataset, **held_out_frame))

held_out_4_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='basicvsr', prefix='held-out-4-BIx4')]
)
held_out_10_evaluator = dict(
    type='Evaluator', metrics=[dict(type='VSRMetric', protocol='basicvsr', prefix='held-out-10-BIx4')]
)
