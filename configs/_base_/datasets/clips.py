# Any folder of clips, from ground truth alone: low resolution (BIx4) is made while loading.
# To make it: vsr prepare clips SRC DATA_ROOT. Some scenes are held out there, for validation. held_out.py has those of
# this project as test sets.
#
# In a config that inherits from this one:
#     train_dataloader = _base_.clips_train_sequence_dataloader
#     train_dataloader.update(batch_size=8)
#     train_dataloader.dataset.update(num_input_frames=15)
# The steps have names. A pipeline with another step is put together from them, and nothing is edited by its position:
#     train_dataloader.dataset.pipeline = [
#         _base_.clips_sample,
#         _base_.clips_load,
#         dict(_base_.clips_patch, gt_patch_size=256),
#         *_base_.clips_sequence_end,
#     ]
clips_root = '{{$VSR_DATA_ROOT:data}}/clips'
clips_sample = dict(type='SampleSegment')
clips_load = dict(type='LoadFrames', key='gt')
clips_patch = dict(type='DegradeFrames', kind='BI', scale=4, gt_patch_size=128)
clips_whole = dict(type='DegradeFrames', kind='BI', scale=4)
clips_augment = [
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='horizontal'),
    dict(type='Flip', keys=['img', 'gt'], flip_ratio=0.5, direction='vertical'),
    dict(type='RandomTransposeHW', keys=['img', 'gt'], transpose_ratio=0.5),
]
# Before DegradeFrames, for the BD of DUF: its grid begins at the first pixel of each block, and low resolution that is
# turned around afterwards would begin at the last.
clips_augment_gt = [dict(step, keys=['gt']) for step in clips_augment]
clips_pack = dict(type='PackInputs', meta_keys=['key'])
# After DegradeFrames: all frames out, the one in the middle out, one frame in and out; each to train and to measure.
clips_sequence_whole_end = [dict(type='StackFrames', keys=['img', 'gt']), clips_pack]
clips_sequence_end = [*clips_augment, *clips_sequence_whole_end]
clips_center = dict(type='KeepCenterFrame', keys=['gt'])
clips_stack_window = dict(type='StackFrames', keys=['img'])
clips_window_whole_end = [clips_center, clips_stack_window, clips_pack]
clips_window_end = [clips_center, *clips_augment, clips_stack_window, clips_pack]
clips_frame_end = [*clips_augment, clips_pack]

clips_train_loader = dict(
    num_workers=2, batch_size=4, persistent_workers=True, sampler=dict(type='InfiniteSampler', shuffle=True)
)
clips_train_dataset = dict(
    type='ClipFramesDataset',
    data_root=clips_root,
    data_prefix=dict(gt='GT'),
    ann_file='meta_info_clips_train.txt',
    key_frames_file='meta_info_clips_key_frames.txt',
    prepare='clips',
)

# Seven consecutive frames from anywhere in a clip.
clips_train_sequence_dataloader = dict(
    **clips_train_loader,
    dataset=dict(
        **clips_train_dataset,
        num_input_frames=7,
        pipeline=[clips_sample, clips_load, clips_patch, *clips_sequence_end],
    ),
)

# Five frames in, the one in the middle out.
clips_train_window_dataloader = dict(
    **clips_train_loader,
    dataset=dict(
        **clips_train_dataset,
        samples='frames',
        num_input_frames=5,
        pipeline=[clips_load, clips_patch, *clips_window_end],
    ),
)

# One frame in, one frame out.
clips_train_frame_dataloader = dict(
    **clips_train_loader,
    dataset=dict(
        **clips_train_dataset,
        samples='frames',
        pipeline=[clips_load, clips_patch, *clips_frame_end],
    ),
)

clips_val_loader = dict(
    num_workers=1, batch_size=1, persistent_workers=False, sampler=dict(type='DefaultSampler', shuffle=False)
)
clips_val_dataset = dict(
    type='ClipFramesDataset',
    data_root=clips_root,
    data_prefix=dict(gt='GT'),
    ann_file='meta_info_clips_val.txt',
    key_frames_file='meta_info_clips_key_frames.txt',
    prepare='clips',
    test_mode=True,
)

clips_val_sequence_dataset = dict(**clips_val_dataset, pipeline=[clips_load, clips_whole, *clips_sequence_whole_end])
clips_val_sequence_dataloader = dict(**clips_val_loader, dataset=clips_val_sequence_dataset)

clips_val_window_dataloader = dict(
    **clips_val_loader,
    dataset=dict(
        **clips_val_dataset,
        samples='frames',
        num_input_frames=5,
        pipeline=[clips_load, clips_whole, *clips_window_whole_end],
    ),
)

clips_val_frame_dataloader = dict(
    **clips_val_loader,
    dataset=dict(
        **clips_val_dataset,
        samples='frames',
        pipeline=[clips_load, clips_whole, clips_pack],
    ),
)

clips_val_evaluator = dict(type='Evaluator', metrics=[dict(type='VSRMetric', protocol='basicvsr', prefix='clips')])

# For ablations: all held-out clips, and those with strong motion or a change of scene, where long-range blocks also see
# four key frames. To make the lists: vsr split DATA_ROOT/clips.
clips_normal_sequence_dataloader = dict(
    **clips_val_loader,
    dataset=dict({**clips_val_sequence_dataset, 'ann_file': 'meta_info_clips_val_normal.txt', 'prepare': 'split'}),
)
clips_remote_sequence_dataloader = dict(
    **clips_val_loader,
    dataset=dict(
        {
            **clips_val_sequence_dataset,
            'ann_file': 'meta_info_clips_val_remote.txt',
            'prepare': 'split',
            'pipeline': [
                dict(type='AppendKeyFrames', num_key_frames=4),
                clips_load,
                clips_whole,
                dict(type='DropKeyFrames', keys=['gt']),
                dict(type='StackFrames', keys=['img', 'gt']),
                dict(type='PackInputs', meta_keys=['key', 'num_key_frames']),
            ],
        }
    ),
)
clips_normal_evaluator = dict(type='Evaluator', metrics=[dict(type='VSRMetric', protocol='basicvsr', prefix='normal')])
clips_remote_evaluator = dict(type='Evaluator', metrics=[dict(type='VSRMetric', protocol='basicvsr', prefix='remote')])
