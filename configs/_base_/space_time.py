# Data and evaluators of space-time super-resolution: every second frame is given, all are ground truth. Input frames
# and interpolated ones are reported apart and together, under the protocol of the Zooming Slow-Mo paper.
#
#     _base_ = ['../_base_/default_runtime.py', '../_base_/models/zooming_slow_mo.py', '../_base_/space_time.py']
#     train_dataloader = _base_.space_time.clips_train          # or .vimeo90k_train
_base_ = ['datasets/clips.py', 'datasets/vid4_bix4.py', 'datasets/vimeo90k.py']

space_time_pack = [dict(type='StackFrames', keys=['img', 'gt']), dict(type='PackInputs', meta_keys=['key'])]
space_time_reverse = dict(type='TemporalReverse', keys=['img', 'gt'], reverse_ratio=0.5)
# Of a training, after DegradeFrames.
space_time_train_end = [*_base_.clips_augment, space_time_reverse, dict(type='HalveFrameRate'), *space_time_pack]
# For measuring: every frame counts, the last one of a clip of even length too.
space_time_whole = [
    dict(type='HalveFrameRate', last_window=4),
    dict(type='StackFrames', keys=['img', 'gt']),
    dict(type='PackInputs', meta_keys=['key', 'given']),
]
# Four frames in, seven out. The input is on disk at half the rate already, as the list of names says.
vimeo90k_space_time_frames = dict(img=_base_.vimeo90k_half_rate_frames, gt=_base_.vimeo90k_frames)

space_time = dict(
    clips_train=dict(
        **_base_.clips_train_loader,
        dataset=dict(
            **_base_.clips_train_dataset,
            num_input_frames=7,
            pipeline=[_base_.clips_sample, _base_.clips_load, _base_.clips_patch, *space_time_train_end],
        ),
    ),
    clips_val=dict(
        **_base_.clips_val_loader,
        dataset=dict(**_base_.clips_val_dataset, pipeline=[_base_.clips_load, _base_.clips_whole, *space_time_whole]),
    ),
    vid4=dict(
        **_base_.vid4_bix4_loader,
        dataset=dict(**_base_.vid4_bix4_dataset, pipeline=[*_base_.vid4_bix4_load, *space_time_whole]),
    ),
    # Section 4.1: patches of 32 x 32 at low resolution; flips, quarter turns and reversed time.
    vimeo90k_train=dict(
        **_base_.vimeo90k_train_loader,
        dataset=dict(
            **_base_.vimeo90k_train_dataset,
            load_frames_list=vimeo90k_space_time_frames,
            pipeline=[
                *_base_.vimeo90k_load,
                _base_.vimeo90k_scale,
                dict(_base_.vimeo90k_crop, gt_patch_size=128),
                *_base_.vimeo90k_turn,
                space_time_reverse,
                *space_time_pack,
            ],
        ),
    ),
    # The parts of the test set by speed of motion. Septuplets with black frames are in the lists as they came, and left
    # out when measuring, as the paper does.
    vimeo90k_tests=[
        dict(
            **_base_.vimeo90k_test_loader,
            dataset=dict(
                _base_.vimeo90k_test_dataset,
                ann_file=f'meta_info_Vimeo90K_test_{speed}_GT.txt',
                load_frames_list=vimeo90k_space_time_frames,
                pipeline=[*_base_.vimeo90k_load, *space_time_pack],
            ),
        )
        for speed in ('fast', 'medium', 'slow')
    ],
    clips_evaluator=dict(
        type='Evaluator', metrics=[dict(type='VSRMetric', protocol='zooming_slow_mo', prefix='clips')]
    ),
    vid4_evaluator=dict(
        type='Evaluator', metrics=[dict(type='VSRMetric', protocol='zooming_slow_mo', prefix='Vid4-BIx4')]
    ),
    vimeo90k_evaluators=[
        dict(
            type='Evaluator',
            metrics=[
                dict(type='VSRMetric', protocol='zooming_slow_mo', prefix=f'Vimeo-90K-{speed}-BIx4', skip_blank=True)
            ],
        )
        for speed in ('fast', 'medium', 'slow')
    ],
)
