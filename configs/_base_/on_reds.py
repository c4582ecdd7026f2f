# As on_clips.py, trained on REDS and tested on REDS4 and Vid4. Held-out clips choose the checkpoint here too, as REDS4
# must not. It comes after a config that inherits from on_clips.py:
#     _base_ = ['edvrm_wotsa_1xb4-600k_clips.py', '../_base_/on_reds.py']
#     train_dataloader = dict(_delete_=True, **_base_.on_reds.window.train)       # or .sequence
#     test_dataloader = [*_base_.on_reds.window.test, *_base_.on_clips.window.test]
#     test_evaluator = [*_base_.on_reds.test_evaluator, *_base_.on_clips.test_evaluator]
_base_ = ['datasets/reds.py']

on_reds = dict(
    sequence=dict(
        train=_base_.reds_train_sequence_dataloader,
        test=[_base_.reds4_bix4_sequence_dataloader],
    ),
    window=dict(
        train=_base_.reds_train_window_dataloader,
        test=[_base_.reds4_bix4_window_dataloader],
    ),
    test_evaluator=[_base_.reds4_bix4_evaluator],
)
