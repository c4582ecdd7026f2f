# EDVR-M behind RobustVSR's rectified optical flow: its frames come aligned to whole pixels, patch by patch, and its own
# deformable alignment has what is left to do. Starts as edvrm_1xb4-600k_clips.py does, from EDVR-M without TSA:
#   vsr stages configs/edvr/edvrm_wotsa_1xb4-600k_clips.py configs/edvr/edvrm_rectified_1xb4-600k_clips.py
_base_ = ['./edvrm_1xb4-600k_clips.py']

model = dict(
    generator=dict(
        _delete_=True,
        type='AlignedNet',
        network=_base_.model.generator,
        aligner=dict(
            type='RectifiedFlowAlignment', flow=dict(type='DISFlow', preset='ultrafast'), patch_size=36, keep_size=30
        ),
        # For the editor, which trains the fusion module alone at first.
        with_tsa=True,
    )
)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['edvrm_wotsa_1xb4-600k_clips', _base_.weights.edvrm_wotsa],
                source='generator.',
                target='generator.network.',
                partial=True,
                unless_loaded=True,
            ),
        ],
    )
]
