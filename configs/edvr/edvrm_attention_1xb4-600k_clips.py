# Long-range attention of the latent-attention paper plugged into EDVR-M, before the fusion of the aligned frames. It
# starts as EDVR-M was trained, or released, without it. All trainings:
#   vsr stages configs/edvr/edvrm_{wotsa_1xb4,1xb4,attention_1xb4}-600k_clips.py
_base_ = ['./edvrm_1xb4-600k_clips.py']

model = dict(
    generator=dict(
        _delete_=True,
        type='PluggedNet',
        network=_base_.model.generator,
        blocks=dict(fusion=dict(type='LongRangeAttention', channels=64)),
        # For the editor, which trains the fusion module alone at first.
        with_tsa=True,
    )
)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['edvrm_1xb4-600k_clips', _base_.weights.edvrm],
                source='generator.',
                target='generator.network.',
                unless_loaded=True,
            ),
        ],
    )
]
