# Starts from EDVR-L without TSA: from the training below where its work directory lies beside this one's, else from
# the released weights, see ../_base_/weights.py. Both trainings:
#   vsr stages configs/edvr/edvrl_wotsa-c128b40_1xb4-600k_clips.py configs/edvr/edvrl_c128b40_1xb4-600k_clips.py
_base_ = ['mmagic::edvr/edvrl_c128b40_8xb8-lr2e-4-600k_reds4.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

load_from = None
# Crops, loss and rate as in edvrl_wotsa-c128b40_1xb4-600k_clips.py.
model = dict(pixel_loss=dict(eps=1e-6), data_preprocessor=dict(type='PaddedDataPreprocessor', pad_size_divisor=4))
optim_wrapper = dict(optimizer=dict(lr=4e-4 * (4 / 32) ** 0.5))
train_dataloader = dict(_delete_=True, **_base_.on_clips.window.train)
val_dataloader = _base_.on_clips.window.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.window.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['edvrl_wotsa-c128b40_1xb4-600k_clips', _base_.weights.edvrl_wotsa],
                source='generator.',
                partial=True,
                unless_loaded=True,
            ),
        ],
    )
]
