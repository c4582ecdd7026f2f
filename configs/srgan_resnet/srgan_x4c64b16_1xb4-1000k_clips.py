# Starts from MSRResNet as it was trained without the adversarial loss, else from the released one, see
# ../_base_/weights.py. Both trainings:
#   vsr stages configs/srgan_resnet/msrresnet_x4c64b16_1xb4-1000k_clips.py configs/srgan_resnet/srgan_*.py
# The perceptual loss takes VGG-19 from torchvision's cache, and a training without the file says so.
_base_ = ['mmagic::srgan_resnet/srgan_x4c64b16_1xb16-1000k_div2k.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

load_from = None
model = dict(perceptual_loss=dict(type='LocalPerceptualLoss'))
train_dataloader = dict(_delete_=True, **_base_.on_clips.frame.train)
val_dataloader = _base_.on_clips.frame.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.frame.test
test_evaluator = _base_.on_clips.test_evaluator
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
# Batches of 4 for 16; Adam's rate follows the square root of the batch.
optim_wrapper = dict(
    generator=dict(optimizer=dict(lr=1e-4 * (4 / 16) ** 0.5)),
    discriminator=dict(optimizer=dict(lr=1e-4 * (4 / 16) ** 0.5)),
)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[
            dict(
                checkpoint=['msrresnet_x4c64b16_1xb4-1000k_clips', _base_.weights.msrresnet],
                source='generator.',
                unless_loaded=True,
            )
        ],
    )
]
