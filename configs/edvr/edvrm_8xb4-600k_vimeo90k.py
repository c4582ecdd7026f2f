# EDVR-M by the paper's recipe on Vimeo-90K. Tested on Vimeo-90K-T and Vid4. Starts from EDVR-M without TSA:
#   vsr stages configs/edvr/edvrm_wotsa_8xb4-600k_vimeo90k.py configs/edvr/edvrm_8xb4-600k_vimeo90k.py
_base_ = ['edvrm_1xb4-600k_clips.py', '../_base_/on_vimeo90k.py']

train_dataloader = dict(_delete_=True, **_base_.on_vimeo90k.window.train)
test_dataloader = [*_base_.on_vimeo90k.window.test, *_base_.on_clips.window.test]
test_evaluator = [*_base_.on_vimeo90k.test_evaluator, *_base_.on_clips.test_evaluator]
optim_wrapper = dict(optimizer=dict(lr=4e-4))
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['edvrm_wotsa_8xb4-600k_vimeo90k', _base_.weights.edvrm_wotsa],
                source='generator.',
                partial=True,
                unless_loaded=True,
            ),
        ],
    )
]
