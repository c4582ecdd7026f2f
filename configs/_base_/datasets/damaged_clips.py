# Clips whose low resolution is compressed while loading, alone or after blur or noise: H.264 at a rate factor that is
# drawn anew for each sample, from nearly lossless to poor; `real` has all that footage may have been through. In a
# config, after datasets/clips.py:
#     train_dataloader = _base_.damaged.h264.sequence.train        # or .blur_h264, .noise_h264, .real, and .window
#     val_dataloader = [_base_.damaged.h264.sequence.val]
#     val_evaluator = [_base_.clips_val_evaluator]
#     test_dataloader = val_dataloader
#     test_evaluator = val_evaluator
# Held-out clips, and any test set, are compressed at one rate factor, 28, so that their scores compare.
_base_ = ['clips.py']

damaged_compress = dict(type='CompressVideo', quality=(18, 35))
damaged_compress_test = dict(type='CompressVideo', quality=(28, 28))
damaged_blur = dict(type='BlurMotion', radii=(0, 1, 2))
damaged_blur_test = dict(type='BlurMotion', radii=(1,))
# Grain and sensor noise in some samples, of about two grey levels on average, before compression.
damaged_noise = dict(
    type='RandomNoise',
    params=dict(
        noise_type=['gaussian'],
        noise_prob=[1],
        gaussian_sigma=[0, 6],
        gaussian_gray_noise_prob=0.4,
        prob=0.4,
    ),
    keys=['img'],
)
# Footage that someone has scaled before, and any of three generations of encoders.
damaged_scaled = [
    dict(
        type='RandomResize',
        params=dict(
            resize_mode_prob=[0, 0.5, 0.5],
            resize_scale=[0.6, 1],
            resize_opt=['bilinear', 'area', 'bicubic'],
            resize_prob=[1 / 3, 1 / 3, 1 / 3],
        ),
        keys=['img'],
    ),
    dict(
        type='RandomResize',
        params=dict(
            resize_mode_prob=[0, 1, 0],
            resize_opt=['bilinear', 'area', 'bicubic'],
            resize_prob=[1 / 3, 1 / 3, 1 / 3],
            target_size=(64, 64),
        ),
        keys=['img'],
    ),
]
damaged_compress_any = dict(
    type='mmcv.RandomChoice',
    transforms=[
        [dict(type='mmagic.CompressVideo', quality=(18, 35))],
        [dict(type='mmagic.CompressVideo', codec='mpeg4', quality=(2, 14))],
        [dict(type='mmagic.CompressVideo', codec='mpeg2video', quality=(2, 14))],
    ],
    prob=[0.6, 0.2, 0.2],
)
damaged_steps = dict(
    real=dict(train=[*damaged_scaled, damaged_noise, damaged_compress_any], test=[damaged_compress_test]),
    noise_h264=dict(train=[damaged_noise, damaged_compress], test=[damaged_compress_test]),
    h264=dict(train=[damaged_compress], test=[damaged_compress_test]),
    blur_h264=dict(train=[damaged_blur, damaged_compress], test=[damaged_blur_test, damaged_compress_test]),
)
damaged = {
    name: dict(
        sequence=dict(
            train=dict(
                **_base_.clips_train_loader,
                dataset=dict(
                    **_base_.clips_train_dataset,
                    num_input_frames=7,
                    pipeline=[
                        _base_.clips_sample,
                        _base_.clips_load,
                        dict(_base_.clips_patch, gt_patch_size=256),
                        *steps['train'],
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
                        _base_.clips_whole,
                        *steps['test'],
                        *_base_.clips_sequence_whole_end,
                    ],
                ),
            ),
        ),
        window=dict(
            train=dict(
                **_base_.clips_train_loader,
                dataset=dict(
                    **_base_.clips_train_dataset,
                    samples='frames',
                    num_input_frames=5,
                    pipeline=[
                        _base_.clips_load,
                        dict(_base_.clips_patch, gt_patch_size=256),
                        *steps['train'],
                        *_base_.clips_window_end,
                    ],
                ),
            ),
            val=dict(
                **_base_.clips_val_loader,
                dataset=dict(
                    **_base_.clips_val_dataset,
                    samples='frames',
                    num_input_frames=5,
                    pipeline=[
                        _base_.clips_load,
                        _base_.clips_whole,
                        *steps['test'],
                        *_base_.clips_window_whole_end,
                    ],
                ),
            ),
        ),
    )
    for name, steps in damaged_steps.items()
}
