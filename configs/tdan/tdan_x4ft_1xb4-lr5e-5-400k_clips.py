# The second stage, from the weights of the first: of its training where its work directory lies beside this one's, else
# the file of ../_base_/weights.py, or --cfg-options load_from=FILE. Both trainings:
#   vsr stages configs/tdan/tdan_x4_1xb4-lr1e-4-400k_clips.py configs/tdan/tdan_x4ft_1xb4-lr5e-5-400k_clips.py
_base_ = ['mmagic::tdan/tdan_x4ft_8xb16-lr5e-5-400k_vimeo90k-bi.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

load_from = None
train_dataloader = dict(_delete_=True, **_base_.on_clips.window.tdan_train)
val_dataloader = _base_.on_clips.window.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.window.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
# As in the first stage.
optim_wrapper = dict(optimizer=dict(lr=5e-5 * (4 / 128) ** 0.5))
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['tdan_x4_1xb4-lr1e-4-400k_clips', _base_.weights.tdan],
                source='generator.',
                unless_loaded=True,
            )
        ],
    )
]
