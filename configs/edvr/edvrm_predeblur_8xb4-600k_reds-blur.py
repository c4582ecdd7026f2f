# EDVR with pre-deblurring (sections 3.1 and 4.1) on REDS' blurred frames: crops of 256 x 256, at full size in and out.
# For blur_comp: the prefix reds_blur_comp_prefix. To make the data:
#   vsr prepare reds SRC DATA_ROOT
#   vsr prepare reds SRC DATA_ROOT --frames blur
_base_ = ['edvrm_predeblur_1xb4-600k_clips-blurcomp.py', '../_base_/datasets/reds.py']

model = dict(generator=dict(hr_in=True))
train_dataloader = dict(
    _delete_=True,
    **_base_.reds_train_loader,
    dataset=dict(
        **_base_.reds_blur_train_dataset,
        samples='frames',
        num_input_frames=5,
        num_output_frames=1,
        pipeline=[
            *_base_.reds_load,
            dict(type='SetValues', dictionary=dict(scale=1)),
            *_base_.reds_crop_and_turn,
            dict(type='StackFrames', keys=['img']),
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)
# Chosen by held-out clips, blurred and compressed at full size.
val_dataloader = [
    dict(
        **_base_.clips_val_loader,
        dataset=dict(
            **_base_.clips_val_dataset,
            samples='frames',
            num_input_frames=5,
            pipeline=[
                _base_.clips_load,
                dict(_base_.clips_whole, scale=1),
                *_base_.damaged_steps.blur_h264.test,
                *_base_.clips_window_whole_end,
            ],
        ),
    )
]
test_dataloader = [_base_.reds4_blur_window_dataloader]
test_evaluator = [_base_.reds4_blur_evaluator]
optim_wrapper = dict(optimizer=dict(lr=4e-4))
