# Upstream's recipe, 30 frames, with batches of 4 for 8; Adam's rate follows the square root of the batch.
# The optical flow starts from the released SPyNet, see ../_base_/weights.py.
_base_ = ['mmagic::basicvsr_pp/basicvsr-pp_c64n7_8xb1-600k_reds4.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

model = dict(generator=dict(spynet_pretrained=None))
train_dataloader = dict(_delete_=True, **_base_.on_clips.flow.train)
train_dataloader['dataset']['num_input_frames'] = 30
val_dataloader = _base_.on_clips.flow.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.flow.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
optim_wrapper = dict(optimizer=dict(lr=1e-4 * (4 / 8) ** 0.5))
custom_hooks = [dict(type='LoadPartsHook', parts=[_base_.spynet_part])]
