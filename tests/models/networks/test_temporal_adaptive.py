import pytest
import torch
from checks import assert_vsr_net
from mmagic.models import SRCNNNet

from vsr_plugins.models import ESPCNNet, TemporalAdaptiveNet, TemporalBranchNet
from vsr_plugins.models.networks.temporal_adaptive import aggregate, build_branch, center_frames

NARROW = {'type': 'ESPCNNet', 'mid_channels': (4, 3)}


def count(net):
    return sum(p.numel() for p in net.parameters())


def test_parameters():
    net = TemporalAdaptiveNet()
    assert [count(branch) for branch in net.branches] == [24_752, 27_952, 31_152]
    assert count(net.modulation) == 40_400
    assert count(net) == 124_256


@pytest.mark.parametrize('color', ['y', 'rgb'])
@pytest.mark.parametrize('weight_norm', [None, 'softmax'])
def test_contract(color, weight_norm):
    assert_vsr_net(TemporalAdaptiveNet(branch=NARROW, color=color, weight_norm=weight_norm), t=5)


@pytest.mark.parametrize('scale', [2, 3])
def test_contract_of_other_scales(scale):
    assert_vsr_net(TemporalAdaptiveNet(2, NARROW, scale=scale), t=3)
    assert_vsr_net(TemporalBranchNet(3, NARROW, scale=scale), t=3)


@pytest.mark.parametrize('shape', [(1, 1, 3, 7, 7), (1, 2, 3, 33, 9), (1, 4, 3, 1, 5), (1, 9, 3, 6, 6)])
def test_any_size_and_length(shape):
    n, _, c, h, w = shape
    assert TemporalAdaptiveNet(branch=NARROW)(torch.rand(shape)).shape == (n, c, 4 * h, 4 * w)


def test_aggregation_of_hand_typed_maps():
    estimates = torch.tensor([[[[[1.0, 2.0]]], [[[10.0, 20.0]]], [[[100.0, 200.0]]]]])
    weights = torch.tensor([[[[0.5, 0.0]], [[0.25, -1.0]], [[0.25, 2.0]]]])
    assert aggregate(estimates, weights).tolist() == [[[[28.0, 380.0]]]]
    two_colors = torch.cat((estimates, 2 * estimates), dim=2)
    assert aggregate(two_colors, weights).tolist() == [[[[28.0, 380.0]], [[56.0, 760.0]]]]


def test_the_output_is_the_weighted_sum_of_the_branches():
    """Branches return the constants 1, 2 and 3, and the modulation branch 0.5, 0.25 and 0.125."""
    net = TemporalAdaptiveNet(branch=NARROW)
    for value, branch in enumerate(net.branches, start=1):
        torch.nn.init.zeros_(branch.conv3.weight)
        torch.nn.init.constant_(branch.conv3.bias, value)
    torch.nn.init.zeros_(net.modulation.conv3.weight)
    net.modulation.conv3.bias.data = torch.tensor([0.5, 0.25, 0.125]).repeat_interleave(16)
    output, weights = net(torch.rand(1, 5, 1, 3, 4), return_weights=True)
    assert weights[0, :, 5, 7].tolist() == [0.5, 0.25, 0.125]
    assert torch.equal(output, torch.full((1, 1, 12, 16), 1 * 0.5 + 2 * 0.25 + 3 * 0.125))


def test_each_branch_takes_its_frames():
    net = TemporalAdaptiveNet(branch=NARROW)
    frames = torch.rand(1, 5, 1, 6, 6, requires_grad=True)
    for number, seen in enumerate([(2,), (1, 2, 3), (0, 1, 2, 3, 4)]):
        (grad,) = torch.autograd.grad(net.estimates(frames)[:, number].sum(), frames)
        assert tuple(grad[0].flatten(1).any(dim=1).nonzero().flatten().tolist()) == seen


def test_softmax_weights_sum_to_one_and_free_ones_start_as_the_average():
    torch.manual_seed(0)
    frames = torch.rand(1, 5, 1, 6, 6)
    weights = TemporalAdaptiveNet(branch=NARROW, weight_norm='softmax').weight_maps(frames)
    torch.testing.assert_close(weights.sum(1), torch.ones(1, 24, 24))
    # The small kernels of the last layer add noise to the plain average.
    weights = TemporalAdaptiveNet(branch=NARROW).weight_maps(frames)
    torch.testing.assert_close(weights.mean(), torch.tensor(1 / 3), atol=0.01, rtol=0)
    assert weights.std() < 0.01


def test_weights_on_rgb_frames():
    output, weights = TemporalAdaptiveNet(2, NARROW, color='rgb')(torch.rand(2, 3, 3, 5, 6), return_weights=True)
    assert output.shape == (2, 3, 20, 24)
    assert weights.shape == (2, 2, 20, 24)


@pytest.mark.parametrize(
    ('length', 'size', 'frames'),
    [(5, 3, [1, 2, 3]), (1, 3, [0, 0, 0]), (2, 5, [0, 0, 1, 1, 1]), (4, 3, [1, 2, 3]), (3, 5, [0, 0, 1, 2, 2])],
)
def test_center_frames(length, size, frames):
    clip = torch.arange(float(length)).reshape(1, length, 1, 1, 1)
    assert center_frames(clip, size).flatten().tolist() == frames


def test_other_networks_as_branches():
    net = TemporalAdaptiveNet(2, {'type': 'SRCNNNet', 'channels': (3, 8, 4, 3)}, scale=2)
    assert isinstance(net.branches[1], SRCNNNet)
    assert net.branches[1].conv1.weight.shape == (8, 3, 9, 9)
    assert_vsr_net(net, t=3)
    mixed = TemporalAdaptiveNet(2, [{'type': 'RRDBNet', 'mid_channels': 4, 'num_blocks': 1}, NARROW])
    assert [type(branch).__name__ for branch in mixed.branches] == ['RRDBNet', 'ESPCNNet']


def test_espcn_has_relu_as_a_branch():
    net = TemporalAdaptiveNet(branch=NARROW)
    assert all(isinstance(part.activation, torch.nn.ReLU) for part in (*net.branches, net.modulation))


def test_activation_and_residual_reach_the_branches():
    net = TemporalAdaptiveNet(branch={**NARROW, 'activation': 'gelu', 'global_residual': True})
    assert all(isinstance(branch.activation, torch.nn.GELU) and branch.global_residual for branch in net.branches)


def test_a_branch_alone_is_the_branch():
    alone, net = TemporalBranchNet(3, NARROW, color='rgb'), TemporalAdaptiveNet(2, NARROW, color='rgb')
    net.branches[1].load_state_dict(alone.branch.state_dict())
    frames = torch.rand(1, 3, 3, 6, 7)
    torch.testing.assert_close(alone(frames), net.estimates(frames)[:, 1])


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: TemporalAdaptiveNet(0), 'num_branches'),
        (lambda: TemporalAdaptiveNet(weight_norm='l1'), "'l1'"),
        (lambda: TemporalAdaptiveNet(color='hsv'), "'hsv'"),
        (lambda: TemporalAdaptiveNet(3, [NARROW]), '3 branches'),
        (lambda: TemporalBranchNet(4), '4'),
        (lambda: TemporalAdaptiveNet(2, NARROW, scale=2.5), 'got 2.5'),
        (lambda: TemporalBranchNet(3, NARROW, scale=0), 'got 0'),
        (lambda: TemporalAdaptiveNet(branch={}), 'needs a type'),
        (lambda: TemporalBranchNet(3, {**NARROW, 'scale': 2}), 'scale=4.* 2'),
        (lambda: TemporalBranchNet(3, {**NARROW, 'in_channels': 7}), 'in_channels=3.* 7'),
        (lambda: TemporalAdaptiveNet(2, NARROW)(torch.rand(3, 3, 8, 8)), r'got \(3, 3, 8, 8\)'),
        (lambda: TemporalBranchNet(3, NARROW)(torch.rand(3, 3, 8, 8)), r'got \(3, 3, 8, 8\)'),
        (lambda: build_branch({'type': 'NoSuchNet'}, 1, 1, 4), 'NoSuchNet'),
        (lambda: build_branch({'type': 'BicubicNet'}, 1, 1, 4), 'BicubicNet'),
        (lambda: build_branch({'type': 'MSRResNet', 'num_blocks': 1}, 3, 1, 4), '3 frames as 3 channels'),
        (lambda: TemporalAdaptiveNet(branch=NARROW)(torch.rand(1, 0, 1, 4, 4)), 'at least one frame'),
    ],
)
def test_wrong_arguments_are_named(build, message):
    with pytest.raises(ValueError, match=message):
        build()


def test_a_branch_may_be_a_class_with_matching_arguments():
    branch = {**NARROW, 'type': ESPCNNet, 'scale': 4, 'in_channels': 3, 'out_channels': 1}
    assert TemporalBranchNet(3, branch).branch.conv1.in_channels == 3


def test_an_integral_float_scale():
    net = TemporalAdaptiveNet(2, NARROW, scale=4.0)
    assert net(torch.rand(1, 3, 3, 5, 6)).shape == (1, 3, 20, 24) and type(net.scale) is int


def test_frames_in_half_precision_come_out_so():
    net = TemporalAdaptiveNet(2, NARROW).bfloat16()
    for channels in (1, 3):
        assert net(torch.rand(1, 3, channels, 8, 8).bfloat16()).dtype == torch.bfloat16


def test_registered():
    from mmagic.registry import MODELS

    for network in (ESPCNNet, TemporalAdaptiveNet, TemporalBranchNet):
        assert MODELS.get(network.__name__) is network
