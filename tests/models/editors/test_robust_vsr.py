import inspect

import pytest
import torch
from mmagic.registry import MODELS
from mmagic.structures import DataSample

from vsr_plugins.models import RobustVSR

STN = {'type': 'SpatialAlignmentNet', 'patch_size': 16, 'keep_size': 12, 'mid_channels': 4, 'hidden': 5}
NETWORK = {'type': 'TemporalAdaptiveNet', 'num_branches': 2, 'branch': {'type': 'ESPCNNet', 'mid_channels': (4, 3)}}
LOSS = {'type': 'LumaLoss', 'loss': {'type': 'MSELoss'}}


def build(network=NETWORK, aligner=STN, **options):
    torch.manual_seed(0)
    generator = {'type': 'AlignedNet', 'network': network, 'aligner': aligner}
    return MODELS.build({'type': 'RobustVSR', 'generator': generator, 'pixel_loss': LOSS, 'loss_border': 2, **options})


def batch(n=2, t=3, size=16):
    generator = torch.Generator().manual_seed(0)
    inputs = torch.rand(n, t, 3, size, size, generator=generator)
    samples = [DataSample(gt_img=torch.rand(3, 4 * size, 4 * size, generator=generator)) for _ in range(n)]
    return inputs, DataSample.stack(samples)


class Flow(torch.nn.Module):
    """Motion of (1.2, -2) everywhere, which is rectified to (1, -2)."""

    def forward(self, references, neighbours):
        return references.new_tensor([1.2, -2.0]).reshape(1, 2, 1, 1).expand(len(references), 2, *references.shape[2:])


def test_losses_of_hand_typed_motion():
    model = build(align_weight=0.5)
    model.labels.flow = Flow()
    last = model.generator.aligner.localization.regression[-1]
    torch.nn.init.zeros_(last.weight)
    last.bias.data = torch.tensor([4.0, 2.0])
    losses = model.forward_train(*batch())
    # Three too far to the right, four too far down.
    assert losses['loss_align'].item() == pytest.approx(0.5 * (3**2 + 4**2))
    assert losses['motion_error'].item() == pytest.approx(3.5)


def test_the_border_of_a_patch_is_excluded():
    model = build()
    inputs, samples = batch()
    expected = model.forward_train(inputs, samples)['loss_pix'].item()
    border = torch.ones(64, 64, dtype=torch.bool)
    border[8:-8, 8:-8] = False
    samples.gt_img[..., border] = 9.0
    assert model.forward_train(inputs, samples)['loss_pix'].item() == pytest.approx(expected)
    samples.gt_img[..., 8, 8] = 9.0
    assert model.forward_train(inputs, samples)['loss_pix'].item() > expected + 0.01


def test_the_border_of_a_frame_is_trained_by_default():
    """Every frame has one, with zeros around its features; a network that never saw it fails there."""
    assert inspect.signature(RobustVSR).parameters['loss_border'].default == 0
    model = build(loss_border=0)
    inputs, samples = batch()
    before = model.forward_train(inputs, samples)['loss_pix'].item()
    samples.gt_img[..., 0, 0] = 9.0
    assert model.forward_train(inputs, samples)['loss_pix'].item() > before + 0.01


@pytest.mark.parametrize('transform', ['translation', 'affine'])
@pytest.mark.parametrize('network', [NETWORK, {'type': 'TemporalBranchNet', 'num_frames': 3}])
def test_every_parameter_gets_a_gradient(network, transform):
    model = build(network, {**STN, 'transform': transform})
    losses = model.forward_train(*batch())
    (losses['loss_pix'] + losses['loss_align']).backward()
    assert not [
        name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()
    ]


def test_the_pixel_loss_alone_moves_the_localization_network():
    model = build()
    model.forward_train(*batch())['loss_pix'].backward()
    assert all(parameter.grad.any() for parameter in model.generator.aligner.parameters())


def test_training_output_is_that_of_the_generator():
    model = build()
    inputs, samples = batch()
    output = model.generator(inputs)[..., 8:-8, 8:-8]
    expected = model.pixel_loss(output, samples.gt_img[..., 8:-8, 8:-8])
    torch.testing.assert_close(model.forward_train(inputs, samples)['loss_pix'], expected)


def test_a_generator_without_spatial_alignment_raises():
    with pytest.raises(ValueError, match='AlignedNet with NoneType'):
        build(aligner=None)
    with pytest.raises(ValueError, match='BicubicNet with NoneType'):
        RobustVSR({'type': 'BicubicNet'}, LOSS)


def test_a_network_that_returns_more_than_a_frame():
    tdan = {'type': 'TDANNet', 'mid_channels': 8, 'num_blocks_before_align': 1, 'num_blocks_after_align': 1}
    model = build(tdan)
    inputs, samples = batch(1, 5)
    losses = model.forward_train(inputs, samples)
    frame, _ = model.generator(inputs)
    expected = model.pixel_loss(frame[..., 8:-8, 8:-8], samples.gt_img[..., 8:-8, 8:-8])
    torch.testing.assert_close(losses['loss_pix'], expected)


def test_clips_of_one_frame_have_no_motion_to_learn():
    model = build()
    losses = model.forward_train(*batch(t=1))
    assert losses['loss_align'].item() == 0 and losses['motion_error'].item() == 0
    (losses['loss_pix'] + losses['loss_align']).backward()
    assert losses['loss_pix'].item() > 0
    assert all(parameter.grad.isfinite().all() for parameter in model.generator.network.parameters())


def test_invalid_numbers_are_named():
    with pytest.raises(ValueError, match='got -1 and 2'):
        build(align_weight=-1)
    with pytest.raises(ValueError, match='got 0.01 and -1'):
        build(loss_border=-1)
    with pytest.raises(ValueError, match=r'loss_border=8 .*\(16, 16\)'):
        build(loss_border=8).forward_train(*batch())
