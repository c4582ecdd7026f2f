_base_ = ['mmagic::srcnn/srcnn_x4k915_1xb16-1000k_div2k.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

train_dataloader = dict(_delete_=True, **_base_.on_clips.frame.train)
val_dataloader = _base_.on_clips.frame.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.frame.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
# Batches of 4 for 16; Adam's rate follows the square root of the batch.
optim_wrapper = dict(optimizer=dict(lr=2e-4 * (4 / 16) ** 0.5))
custom_hooks = []
