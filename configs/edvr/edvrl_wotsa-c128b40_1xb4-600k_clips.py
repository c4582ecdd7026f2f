_base_ = ['mmagic::edvr/edvrl_wotsa-c128b40_8xb8-lr2e-4-600k_reds4.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

# The paper (section 4.1): crops of 64 x 64, batches of 32 at 4e-4, Charbonnier with epsilon 1e-3, which is squared
# below the root. Here batches of 4; Adam's rate follows the square root of the batch.
# EDVR takes multiples of four; the rest is padded and cropped again.
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
custom_hooks = []
