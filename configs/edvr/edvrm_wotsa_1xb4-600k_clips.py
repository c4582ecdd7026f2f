_base_ = ['mmagic::edvr/edvrm_wotsa_8xb4-600k_reds.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

# EDVR takes multiples of four; the rest is padded and cropped again.
model = dict(data_preprocessor=dict(type='PaddedDataPreprocessor', pad_size_divisor=4))
train_dataloader = dict(_delete_=True, **_base_.on_clips.window.train)
val_dataloader = _base_.on_clips.window.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.window.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
custom_hooks = []
