# Training clips, held-out clips and Vid4 at x2 and x3, all made from ground truth while loading, with crops of 32 x 32
# at low resolution. Ground truth is cropped to multiples of the scale: city of Vid4 is 702 wide at x3. In a config:
#     train_dataloader = _base_.other_scales.x2.frame.train           # or .sequence, .window
#     val_dataloader = [_base_.other_scales.x2.frame.val]
#     val_evaluator = [_base_.clips_val_evaluator]
#     test_dataloader = [_base_.other_scales.x2.frame.test]
#     test_evaluator = [_base_.other_scales.x2.evaluator]
_base_ = ['clips.py']

other_scales_vid4 = dict(
    type='ClipFramesDataset',
    data_root='{{$VSR_DATA_ROOT:data}}/Vid4',
    data_prefix=dict(gt='GT'),
    ann_file='meta_info_Vid4_GT.txt',
    prepare='vid4',
    test_mode=True,
)
other_scales_factors = dict(x2=2, x3=3)
other_scales_frame = dict(samples='frames')
other_scales_window = dict(samples='frames', num_input_frames=5)
other_scales_window_test = dict(**other_scales_window, padding='reflection')
other_scales = {
    name: dict(
        frame=dict(
            train=dict(
                **_base_.clips_train_loader,
                dataset=dict(
                    **_base_.clips_train_dataset,
                    **other_scales_frame,
                    pipeline=[
                        _base_.clips_load,
                        dict(_base_.clips_patch, scale=scale, gt_patch_size=32 * scale),
                        *_base_.clips_frame_end,
                    ],
                ),
            ),
            val=dict(
                **_base_.clips_val_loader,
                dataset=dict(
                    **_base_.clips_val_dataset,
                    **other_scales_frame,
                    pipeline=[_base_.clips_load, dict(_base_.clips_whole, scale=scale), _base_.clips_pack],
                ),
            ),
            test=dict(
                **_base_.clips_val_loader,
                dataset=dict(
                    **other_scales_vid4,
                    **other_scales_frame,
                    pipeline=[_base_.clips_load, dict(_base_.clips_whole, scale=scale), _base_.clips_pack],
                ),
            ),
        ),
        sequence=dict(
            train=dict(
                **_base_.clips_train_loader,
                dataset=dict(
                    **_base_.clips_train_dataset,
                    num_input_frames=7,
                    pipeline=[
                        _base_.clips_sample,
                        _base_.clips_load,
                        dict(_base_.clips_patch, scale=scale, gt_patch_size=32 * scale),
                        *_base_.clips_sequence_end,
                    ],
                ),
            ),
            val=dict(
                **_base_.clips_val_loader,
                dataset=dict(
                    **_base_.clips_val_dataset,
                    pipeline=[
                        _base_.clips_load,
                        dict(_base_.clips_whole, scale=scale),
                        *_base_.clips_sequence_whole_end,
                    ],
                ),
            ),
            test=dict(
                **_base_.clips_val_loader,
                dataset=dict(
                    **other_scales_vid4,
                    pipeline=[
                        _base_.clips_load,
                        dict(_base_.clips_whole, scale=scale),
                        *_base_.clips_sequence_whole_end,
                    ],
                ),
            ),
        ),
        evaluator=dict(
            type='Evaluator', metrics=[dict(type='VSRMetric', protocol='basicvsr', prefix=f'Vid4-BIx{scale}')]
        ),
    )
    for name, scale in other_scales_factors.items()
}
