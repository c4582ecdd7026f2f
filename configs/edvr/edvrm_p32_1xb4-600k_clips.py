# EDVR-M for small machines: crops of 32 x 32 at low resolution, a quarter of the paper's pixels. Both trainings:
#   vsr stages configs/edvr/edvrm_wotsa_p32_1xb4-600k_clips.py configs/edvr/edvrm_p32_1xb4-600k_clips.py
_base_ = 'edvrm_1xb4-600k_clips.py'

train_dataloader = dict(_delete_=True, **_base_.on_clips.window.small_train)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['edvrm_wotsa_p32_1xb4-600k_clips', _base_.weights.edvrm_wotsa],
                source='generator.',
                partial=True,
                unless_loaded=True,
            ),
        ],
    )
]
