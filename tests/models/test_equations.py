"""Blocks and networks against the papers' equations, with weights that matter in every layer."""

import equations as eq
import pytest
import torch

from vsr_plugins.models.blocks.attention import LongRangeAttention, ShortRangeAttention
from vsr_plugins.models.blocks.deformable_conv_lstm import DeformableConvLSTM
from vsr_plugins.models.blocks.fast.switch import fast_paths_off
from vsr_plugins.models.blocks.pyramid_alignment import (
    FeaturePyramid,
    FeatureTemporalInterpolation,
    PyramidAlignment,
    PyramidInterpolation,
)
from vsr_plugins.models.blocks.splatting import splat_upsample
from vsr_plugins.models.networks import (
    BicubicNet,
    DUFNet,
    ESPCNNet,
    FRVSRNet,
    FSRCNNNet,
    LatentAttentionNet,
    SPMCNet,
    TemporalAdaptiveNet,
    VESPCNNet,
    VSRNet,
    ZoomingSlowMoNet,
)


def assert_is(output, expected, tolerance=2e-5):
    """Equal, and of a size at which a difference would be seen."""
    assert output.shape == expected.shape
    assert expected.std() > 0.02
    torch.testing.assert_close(output, expected, atol=tolerance, rtol=1e-4)


@pytest.fixture(autouse=True)
def without_gradients():
    torch.manual_seed(0)
    with torch.no_grad():
        yield


def smooth(*shape):
    """Values in [0, 1] that vary over some pixels, as features and frames do."""
    h, w = shape[-2:]
    coarse = torch.rand(*shape[:-2], h // 4 + 2, w // 4 + 2).flatten(0, -3).unsqueeze(1)
    return torch.nn.functional.interpolate(coarse, (h, w), mode='bilinear').reshape(shape)


@pytest.mark.parametrize('pool', ['max', 'avg'])
@pytest.mark.parametrize('fast', [True, False])
def test_long_range_attention_is_equations_9_to_11(pool, fast):
    block = eq.randomised(LongRangeAttention(6, pool=pool), gain=1.5)
    x = torch.randn(2, 6, 3, 8, 12)
    expected = eq.long_range(eq.weights_of(block), x, pool)
    if fast:
        assert_is(block(x), expected)
    else:
        with fast_paths_off():
            assert_is(block(x), expected)


@pytest.mark.parametrize('pool', ['max', 'avg'])
@pytest.mark.parametrize('fast', [True, False])
def test_short_range_attention_is_equations_12_to_14(pool, fast):
    block = eq.randomised(ShortRangeAttention(6, pool=pool), gain=1.5)
    x = torch.randn(2, 6, 3, 8, 12)
    expected = eq.short_range(eq.weights_of(block), x, pool)
    if fast:
        assert_is(block(x), expected)
    else:
        with fast_paths_off():
            assert_is(block(x), expected)


@pytest.mark.parametrize(('layers', 'layout'), [(7, 'LS'), (6, 'SLS')])
def test_latent_attention_is_equations_16_to_21(layers, layout):
    net = LatentAttentionNet(mid_channels=6, num_layers=layers, attn_layout=layout, chunk_length=3)
    net = eq.randomised(net)
    lqs = torch.rand(2, 3, 3, 8, 12)
    assert_is(net(lqs), eq.latent_attention(eq.weights_of(net), lqs, layers, layout))


def test_pyramid_alignment_is_from_coarse_to_fine():
    levels = eq.randomised(FeaturePyramid(8), gain=1.5)
    x, y = smooth(2, 8, 16, 24), smooth(2, 8, 16, 24)
    pyramids = [levels(x), levels(y)]
    for level, expected in zip(pyramids[0], eq.pyramid(eq.weights_of(levels), x), strict=True):
        assert_is(level, expected)
    part = eq.randomised(PyramidAlignment(8, 2), seed=1, gain=1.5)
    moving, target = (eq.pyramid(eq.weights_of(levels), features) for features in (x, y))
    assert_is(part(*pyramids), eq.aligned(eq.weights_of(part), moving, target))


def test_interpolation_and_recurrence_are_those_of_zooming_slow_mo():
    part = eq.randomised(PyramidInterpolation(8, 2), gain=1.5)
    levels = eq.randomised(FeaturePyramid(8), seed=1, gain=1.5)
    x, y = smooth(1, 8, 16, 24), smooth(1, 8, 16, 24)
    expected = eq.interpolated(eq.weights_of(part), *(eq.pyramid(eq.weights_of(levels), f) for f in (x, y)))
    assert_is(part(levels(x), levels(y)), expected)
    alone = eq.randomised(FeatureTemporalInterpolation(8, 2), gain=1.5)
    w = eq.weights_of(alone)
    expected = eq.interpolated(w['interpolation'], *(eq.pyramid(w['pyramid'], f) for f in (x, y)))
    assert_is(alone(x, y), expected)
    lstm = eq.randomised(DeformableConvLSTM(8, 2), gain=1.5)
    features = torch.stack([smooth(2, 8, 8, 12) for _ in range(3)], dim=1)
    assert_is(lstm(features), eq.conv_lstm(eq.weights_of(lstm), features))


def test_zooming_slow_mo_is_its_sections():
    net = ZoomingSlowMoNet(mid_channels=8, deform_groups=2, num_blocks_extraction=1, num_blocks_reconstruction=2)
    net = eq.randomised(net)
    lqs = smooth(1, 3, 3, 8, 12)
    expected = eq.zooming_slow_mo(eq.weights_of(net), lqs)
    assert_is(net(lqs), expected)
    with torch.enable_grad():
        assert_is(net(lqs).detach(), expected)


@pytest.mark.parametrize('layers', [16, 28])
def test_duf_is_its_dense_blocks_and_filters(layers):
    net = eq.randomised(DUFNet(layers, scale=2))
    lqs = smooth(1, 7, 3, 8, 9)
    assert_is(net(lqs), eq.duf(eq.weights_of(net), lqs, 2))


def test_frvsr_is_warped_by_its_flow():
    net = eq.randomised(FRVSRNet(8, 2))
    net.flow.head[2].weight.mul_(0.2)
    lqs = smooth(1, 3, 3, 16, 24)
    expected = eq.frvsr(eq.weights_of(net), lqs, 4)
    assert net.estimate_flow(lqs[:, 1], lqs[:, 0]).abs().max() > 0.5
    assert_is(net(lqs), expected, 2e-4)
    assert_is(net.forward_with_motion(lqs)[0], expected, 2e-4)


def test_vespcn_fuses_frames_that_its_coarse_and_fine_flow_moved():
    net = eq.randomised(VESPCNNet(mid_channels=6, num_layers=4))
    for part in (net.flow.coarse, net.flow.fine):
        part[8].weight.mul_(0.1)
    lqs = smooth(1, 3, 1, 16, 24)
    flow = eq.coarse_to_fine(eq.weights_of(net)['flow'], lqs[:, 1], lqs[:, 0])
    assert flow.abs().max() > 0.5
    assert_is(net.flow(lqs[:, 1], lqs[:, 0]), flow, 2e-4)
    assert_is(net(lqs), eq.vespcn(eq.weights_of(net), lqs), 2e-4)


def test_spmc_restores_splatted_frames():
    net = eq.randomised(SPMCNet(2, mid_channels=4))
    for part in (net.flow.coarse, net.flow.fine):
        part[8].weight.mul_(0.1)
    w, lqs = eq.weights_of(net), smooth(1, 3, 1, 8, 12)
    sparse = []
    for i in range(3):
        flow = eq.coarse_to_fine(w['flow'], lqs[:, i], lqs[:, 1])
        assert_is(splat_upsample(lqs[:, i], flow, 2), eq.splat(lqs[:, i], flow, 2))
        sparse.append(eq.splat(lqs[:, i], flow, 2))
    residual = eq.spmc_restoration(w['restoration'], torch.stack(sparse, dim=1))
    assert residual.std() > 0.02
    assert_is(net(lqs), BicubicNet(2)(lqs[:, 1]) + residual, 2e-4)


@pytest.mark.parametrize('scale', [3, 4])
def test_fsrcnn_is_its_layers(scale):
    net = eq.randomised(FSRCNNNet(scale=scale))
    x = torch.rand(2, 1, 7, 9)
    assert_is(net(x), eq.fsrcnn(eq.weights_of(net), x, scale))


@pytest.mark.parametrize(('name', 'activation'), [('tanh', torch.tanh), ('relu', eq.relu)])
def test_espcn_is_its_layers(name, activation):
    net = eq.randomised(ESPCNNet(scale=3, activation=name))
    x = torch.rand(2, 1, 7, 9)
    assert_is(net(x), eq.espcn(eq.weights_of(net), x, 3, activation))


def test_the_temporal_adaptive_network_is_the_sum_of_weighted_branches():
    net = eq.randomised(TemporalAdaptiveNet(branch=dict(type='ESPCNNet', mid_channels=(6, 5)), scale=2))
    lqs = torch.rand(2, 5, 1, 7, 9)
    assert_is(net(lqs), eq.temporal_adaptive(eq.weights_of(net), lqs, 2))


def test_vsrnet_joins_the_features_of_five_frames():
    net = eq.randomised(VSRNet(motion_compensation='none'))
    frames = torch.rand(1, 5, 1, 9, 11)
    assert_is(net.reconstruct(frames), eq.vsrnet(eq.weights_of(net), frames))
    lqs = torch.rand(1, 5, 1, 5, 6)
    assert_is(net(lqs), eq.vsrnet(eq.weights_of(net), BicubicNet()(lqs)))
