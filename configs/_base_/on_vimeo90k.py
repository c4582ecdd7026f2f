# As on_clips.py, trained on Vimeo-90K septuplets and tested on Vimeo-90K-T and Vid4. Held-out clips choose the
# checkpoint. It comes after a config that inherits from on_clips.py:
#     _base_ = ['basicvsr_1xb4-300k_clips.py', '../_base_/on_vimeo90k.py']
#     train_dataloader = dict(_delete_=True, **_base_.on_vimeo90k.sequence.train)       # or .window, .tdan
#     test_dataloader = [*_base_.on_vimeo90k.sequence.test, *_base_.on_clips.sequence.test]
#     test_evaluator = [*_base_.on_vimeo90k.test_evaluator, *_base_.on_clips.test_evaluator]
_base_ = ['datasets/vimeo90k.py']

# TDAN's crops are 48 x 48 at low resolution.
on_vimeo90k_tdan_pipeline = [
    *_base_.vimeo90k_load,
    _base_.vimeo90k_scale,
    dict(_base_.vimeo90k_crop, gt_patch_size=192),
    *_base_.vimeo90k_turn,
    dict(type='StackFrames', keys=['img']),
    dict(type='PackInputs', meta_keys=['key']),
]
on_vimeo90k = dict(
    sequence=dict(
        train=_base_.vimeo90k_train_sequence_dataloader,
        test=[_base_.vimeo90k_test_sequence_dataloader],
    ),
    window=dict(
        train=_base_.vimeo90k_train_window_dataloader,
        tdan_train=dict(
            **_base_.vimeo90k_train_loader,
            dataset=dict(
                **_base_.vimeo90k_train_dataset,
                load_frames_list=dict(img=_base_.vimeo90k_window_frames, gt=['im4.png']),
                pipeline=on_vimeo90k_tdan_pipeline,
            ),
        ),
        test=[_base_.vimeo90k_test_window_dataloader],
    ),
    test_evaluator=[_base_.vimeo90k_test_evaluator],
)
