# ESRGAN's losses on the latent-attention network. Any registered network for video may take its place:
#   model.generator; the discriminator takes frames of 128 x 128.
# It starts from the network as trained without them, where that has been done:
#   vsr stages configs/latent_attn/latent_attn_llsll-c64_1xb4-300k_clips.py \
#       configs/esrgan/video-esrgan_llsll-c64_1xb2-400k_clips.py
# The perceptual loss takes VGG-19 from torchvision's cache, and a training without the file says so.
_base_ = ['mmagic::esrgan/esrgan_x4c64b23g32_1xb16-400k_div2k.py', '../_base_/on_clips.py']

experiment_name = None
work_dir = None

pretrain_generator_url = None
model = dict(
    type='VideoESRGAN',
    generator=dict(
        _delete_=True,
        type='LatentAttentionNet',
        in_channels=3,
        mid_channels=64,
        num_layers=16,
        attn_layout='LLSLL',
        scale=4,
        chunk_length=7,
    ),
    perceptual_loss=dict(type='LocalPerceptualLoss'),
    data_preprocessor=dict(input_view=(1, -1, 1, 1), output_view=(1, -1, 1, 1)),
)
train_dataloader = dict(_delete_=True, **_base_.on_clips.sequence.train)
train_dataloader['batch_size'] = 2
val_dataloader = _base_.on_clips.sequence.val
val_evaluator = _base_.on_clips.val_evaluator
test_dataloader = _base_.on_clips.sequence.test
test_evaluator = [
    dict(
        type='Evaluator',
        metrics=[_base_.vid4_bix4_metric, dict(type='PerceptualIndex', prefix='Vid4-BIx4')],
    )
]
train_cfg = dict(type='ResumableIterBasedTrainLoop')
default_hooks = dict(checkpoint=_base_.on_clips.checkpoint)
visualizer = dict(vis_backends=_base_.on_clips.vis_backends)
# Batches of 2 for 16; Adam's rate follows the square root of the batch.
optim_wrapper = dict(
    generator=dict(optimizer=dict(lr=1e-4 * (2 / 16) ** 0.5)),
    discriminator=dict(optimizer=dict(lr=1e-4 * (2 / 16) ** 0.5)),
)
custom_hooks = [
    dict(
        type='LoadPartsHook',
        parts=[dict(checkpoint='latent_attn_llsll-c64_1xb4-300k_clips', source='generator.', optional=True)],
    )
]
