# Upstream's recipe with batches of 4 for 128; Adam's rate follows the square root of the batch. The rate of the name is
# that of the large batches.
_base_ = ['mmagic::tdan/tdan_x4_8xb16-lr1e-4-400k_vimeo90k-bi.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

train_dataloader = dict(_delete_=True, **_base_.on_clips.window.tdan_train)
val_dataloader = _base_.on_clips.window.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.window.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
optim_wrapper = dict(optimizer=dict(lr=1e-4 * (4 / 128) ** 0.5))
custom_hooks = []
