"""Everything that this package registers as a model, built from the registry and called on plain tensors."""

import pytest
import torch
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from mmagic.utils import register_all_modules

from vsr_plugins.models.build import NETWORKS
from vsr_plugins.models.reduced import REDUCED, build_reduced, example_inputs

register_all_modules()
# A registry imports this package at its first lookup.
MODELS.get('ESPCNNet')
OURS = sorted(name for name, part in list(MODELS.module_dict.items()) if part.__module__.startswith('vsr_plugins.'))
FEATURES = (1, 8, 3, 8, 12)
BLOCKS = {
    'DeformableConvLSTM': (dict(channels=8, deform_groups=2), [(1, 3, 8, 8, 12)], (1, 3, 8, 8, 12)),
    'FeatureTemporalInterpolation': (dict(channels=8, deform_groups=2), [(2, 8, 9, 13)] * 2, (2, 8, 9, 13)),
    'LatentHead': (dict(channels=8), [FEATURES], FEATURES),
    'LongRangeAttention': (dict(channels=8), [FEATURES], FEATURES),
    'ShortRangeAttention': (dict(channels=8), [FEATURES], FEATURES),
}
MSE = dict(type='MSELoss')
LOSSES = {
    'EuclideanLoss': (dict(), [(1, 2, 3, 8, 8)] * 2),
    'FlowSmoothnessLoss': (dict(), [(1, 2, 8, 8)]),
    'HuberLoss': (dict(), [(1, 3, 8, 8)] * 2),
    'LumaLoss': (dict(loss=MSE), [(1, 3, 8, 8)] * 2),
}
GAN = dict(
    discriminator=dict(type='ModifiedVGG', in_channels=3, mid_channels=4),
    gan_loss=dict(type='GANLoss', gan_type='vanilla', loss_weight=1.0),
)
EDITORS = {
    'LatentAttention': dict(generator=dict(type='LatentAttentionNet', **REDUCED['LatentAttentionNet'])),
    'MotionCompensatedVSR': dict(generator=dict(type='VESPCNNet'), motion_loss=MSE),
    'RobustVSR': dict(generator=dict(type='AlignedNet', **REDUCED['AlignedNet'])),
    'VideoESRGAN': dict(generator=dict(type='LatentAttentionNet', **REDUCED['LatentAttentionNet']), **GAN),
    'ZoomingSlowMo': dict(generator=dict(type='ZoomingSlowMoNet', **REDUCED['ZoomingSlowMoNet'])),
}
PREPROCESSORS = {'BatchDataPreprocessor': dict(), 'PaddedDataPreprocessor': dict(pad_size_divisor=4)}


def test_every_registered_name_is_called_below():
    # Without VGG's weights the perceptual loss is refused, which its own tests see.
    called = {*NETWORKS, *BLOCKS, *LOSSES, *EDITORS, *PREPROCESSORS, 'LocalPerceptualLoss'}
    missing = {*OURS} - called
    assert not missing, (
        f'{missing}: add networks to models/networks/__init__.py or models/alignment/__init__.py, other parts to '
        'BLOCKS, LOSSES, EDITORS or PREPROCESSORS of this file'
    )
    assert {*BLOCKS, *LOSSES, *EDITORS, *PREPROCESSORS} <= {*OURS}


@pytest.mark.parametrize('name', sorted({*OURS} & NETWORKS & {*REDUCED}))
def test_a_network_is_called_on_tensors(name):
    network = MODELS.build(dict(type=name, **REDUCED[name])).eval()
    inputs = example_inputs(build_reduced(name))
    with torch.no_grad():
        output = network(*inputs)
    assert isinstance(output, torch.Tensor) and output.isfinite().all()


@pytest.mark.parametrize('name', sorted(BLOCKS))
def test_a_block_is_called_on_tensors_and_trained(name):
    arguments, shapes, expected = BLOCKS[name]
    block = MODELS.build(dict(type=name, **arguments))
    inputs = [torch.rand(shape, requires_grad=True) for shape in shapes]
    output = block(*inputs)
    assert output.shape == expected
    output.square().mean().backward()
    assert all(value.grad is not None and value.grad.any() for value in inputs)


@pytest.mark.parametrize('name', sorted(LOSSES))
def test_a_loss_is_called_on_tensors(name):
    arguments, shapes = LOSSES[name]
    tensors = [torch.rand(shape, requires_grad=not i) for i, shape in enumerate(shapes)]
    loss = MODELS.build(dict(type=name, **arguments))(*tensors)
    assert loss.shape == () and loss > 0
    loss.backward()
    assert tensors[0].grad.any()


@pytest.mark.parametrize('name', sorted(EDITORS))
def test_an_editor_is_called_on_tensors(name):
    editor = MODELS.build(dict(type=name, pixel_loss=MSE, **EDITORS[name])).eval()
    with torch.no_grad():
        output = editor(torch.rand(1, 3, 3, 40, 40), mode='tensor')
    assert output.shape[-2:] == (160, 160) and output.isfinite().all()


@pytest.mark.parametrize('name', sorted(PREPROCESSORS))
def test_a_preprocessor_is_called_on_tensors(name):
    part = MODELS.build(dict(type=name, mean=[0.0] * 3, std=[255.0] * 3, **PREPROCESSORS[name]))
    frames = torch.randint(0, 256, (3, 3, 8, 8), dtype=torch.uint8)
    data = dict(inputs=[frames], data_samples=[DataSample(gt_img=frames)])
    if name == 'BatchDataPreprocessor':
        data = dict(inputs=frames[None], data_samples=dict(gt_img=frames[None]))
    prepared = part(data, training=True)
    torch.testing.assert_close(prepared['inputs'][0], frames / 255)
