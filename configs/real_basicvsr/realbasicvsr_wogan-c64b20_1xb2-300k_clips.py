# RealBasicVSR without the discriminator, trained on clips with upstream's second-order degradations: blur, resizing,
# noise, JPEG and video compression, twice. The optical flow starts from the released SPyNet, see ../_base_/weights.py.
# Validation is on BIx4, which such a network does not restore best: it decides nothing but which checkpoint is kept.
_base_ = ['mmagic::real_basicvsr/realbasicvsr_wogan-c64b20-2x30x8_8xb2-lr1e-4-300k_reds.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

model = dict(generator=dict(spynet_pretrained=None))

# Upstream's steps from the crop to the last compression; loading and packing are those of this package.
realbasicvsr_steps = [
    step
    for step in _base_.train_pipeline
    if step['type'] not in ('GenerateSegmentIndices', 'LoadImageFromFile', 'PackInputs')
]
train_dataloader = dict(
    _delete_=True,
    **{**_base_.clips_train_loader, 'batch_size': 2},
    dataset=dict(
        **_base_.clips_train_dataset,
        num_input_frames=15,
        pipeline=[
            _base_.clips_sample,
            _base_.clips_load,
            *realbasicvsr_steps,
            dict(type='PackInputs', meta_keys=['key']),
        ],
    ),
)
val_dataloader = _base_.on_clips.flow.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.flow.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint, pictures=dict(type='FramePicturesHook', val_clips=4))
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
custom_hooks = [
    dict(
        type='ExponentialMovingAverageHook',
        module_keys='generator_ema',
        interval=1,
        interp_cfg=dict(momentum=0.001),
    ),
    dict(type='LoadPartsHook', parts=[dict(_base_.spynet_part, target='generator.basicvsr.spynet.')]),
]
