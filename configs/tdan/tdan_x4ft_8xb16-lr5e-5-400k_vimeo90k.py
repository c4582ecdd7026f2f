# TDAN by upstream's recipe, second stage. Both trainings:
#   vsr stages configs/tdan/tdan_x4_8xb16-lr1e-4-400k_vimeo90k.py configs/tdan/tdan_x4ft_8xb16-lr5e-5-400k_vimeo90k.py
_base_ = ['tdan_x4ft_1xb4-lr5e-5-400k_clips.py', '../_base_/on_vimeo90k.py']

train_dataloader = dict(_delete_=True, **_base_.on_vimeo90k.window.tdan_train)
train_dataloader['batch_size'] = 16
test_dataloader = [*_base_.on_vimeo90k.window.test, *_base_.on_clips.window.test]
test_evaluator = [*_base_.on_vimeo90k.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=5e-5))
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['tdan_x4_8xb16-lr1e-4-400k_vimeo90k', _base_.weights.tdan],
                source='generator.',
                unless_loaded=True,
            ),
        ],
    )
]
