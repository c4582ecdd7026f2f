# FSRCNN's cheap change of scale: the convolutions are those of x4 and stand still, only the deconvolution is trained
# anew for x2. From a training of x4 beside this one's, else from the weights in the package.
_base_ = ['../_base_/default_runtime.py', '../_base_/models/restoration.py', '../_base_/datasets/other_scales.py']

model = dict(generator=dict(type='FSRCNNNet', in_channels=1, scale=2), pixel_loss=_base_.luma_mse)

train_dataloader = _base_.other_scales.x2.frame.train
train_dataloader.update(batch_size=16)
val_dataloader = [_base_.other_scales.x2.frame.val]
val_evaluator = [_base_.clips_val_evaluator]
test_dataloader = [_base_.other_scales.x2.frame.test]
test_evaluator = [_base_.other_scales.x2.evaluator]

train_cfg = dict(type='ResumableIterBasedTrainLoop', max_iters=30_000, val_interval=2500)
optim_wrapper = dict(
    constructor='DefaultOptimWrapperConstructor',
    type='OptimWrapper',
    optimizer=dict(type='Adam', lr=1e-4, betas=(0.9, 0.999)),
    paramwise_cfg=dict(custom_keys={'generator.convs': dict(lr_mult=0.0), 'generator.activations': dict(lr_mult=0.0)}),
)
fsrcnn_x4 = ['fsrcnn_x4d56s12m4_1xb16-300k_clips', 'pretrained:fsrcnn']
custom_hooks = [dict(type='LoadPartsHook', parts=[dict(checkpoint=fsrcnn_x4, source='generator.')])]

default_hooks = dict(checkpoint=dict(interval=2500, save_best='clips/PSNR', rule='greater'))
