# Starts from the released RRDBNet where its file is there, see ../_base_/weights.py.
_base_ = ['mmagic::esrgan/esrgan_x4c64b23g32_1xb16-400k_div2k.py', '../_base_/on_clips.py']

experiment_name = 'esrgan_x4c64b23g32_1xb4-400k_clips'
work_dir = f'./work_dirs/{experiment_name}'

pretrain_generator_url = None
model = dict(generator=dict(init_cfg=None))
if _base_.weights.rrdbnet:
    model['generator']['init_cfg'] = dict(type='Pretrained', checkpoint=_base_.weights.rrdbnet, prefix='generator.')
if not _base_.has_vgg19:
    model['perceptual_loss'] = None
train_dataloader = dict(_delete_=True, **_base_.on_clips.frame.train)
val_dataloader = _base_.on_clips.frame.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.frame.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
custom_hooks = []
