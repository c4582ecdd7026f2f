import pytest
import torch
import torch.nn.functional as F
from checks import assert_vsr_net

from vsr_plugins.checkpoints.converters.espcn_loseall import convert
from vsr_plugins.models import BicubicNet, ESPCNNet


@pytest.mark.parametrize(('frames', 'parameters'), [(1, 24_752), (3, 27_952), (5, 31_152)])
def test_parameters(frames, parameters):
    assert sum(p.numel() for p in ESPCNNet(frames, 1).parameters()) == parameters


def test_blocks_make_it_deeper():
    net = ESPCNNet(activation='relu', num_blocks=2)
    assert sum(p.numel() for p in net.parameters()) == 24_752 + 2 * 2 * (9 * 64 * 64 + 64)
    x = torch.rand(1, 1, 6, 7)
    features = F.relu(F.conv2d(x, net.conv1.weight, net.conv1.bias, padding=2))
    for block in net.blocks:
        a, b = block.conv1, block.conv2
        inner = F.relu(F.conv2d(features, a.weight, a.bias, padding=1))
        features = features + F.conv2d(inner, b.weight, b.bias, padding=1)
    features = F.relu(F.conv2d(features, net.conv2.weight, net.conv2.bias, padding=1))
    expected = F.pixel_shuffle(F.conv2d(features, net.conv3.weight, net.conv3.bias, padding=1), 4)
    torch.testing.assert_close(net(x), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_contract(scale):
    assert_vsr_net(ESPCNNet(3, scale=scale), t=3)


def test_contract_on_luma():
    assert_vsr_net(ESPCNNet(), t=3)


@pytest.mark.parametrize('shape', [(1, 1, 1), (1, 33, 7)])
def test_any_size(shape):
    c, h, w = shape
    assert ESPCNNet()(torch.rand(shape)).shape == (c, 4 * h, 4 * w)


@pytest.mark.golden
def test_equal_to_another_implementation(golden_root):
    golden = torch.load(golden_root / 'espcn.pth', weights_only=True)
    scales = golden.get('state_scale') or {}
    weights = {key: value.float() * scales.get(key, 1) for key, value in golden['state_dict'].items()}
    net, signed = ESPCNNet(), ESPCNNet(signed=True)
    for network in (net, signed):
        network.load_state_dict(convert(weights))
    with torch.no_grad():
        torch.testing.assert_close(net(golden['input'] * 2 - 1), golden['output_linear'], atol=5e-5, rtol=0)
        torch.testing.assert_close(net(golden['input']), golden['output_linear_01'], atol=5e-5, rtol=0)
        torch.testing.assert_close(signed(golden['input']), golden['output'], atol=5e-5, rtol=0)


def test_residual_is_the_centre_frame():
    net = ESPCNNet(5, 1, global_residual=True)
    torch.nn.init.zeros_(net.conv3.weight)
    window = torch.rand(2, 5, 6, 7)
    torch.testing.assert_close(net(window), BicubicNet()(window[:, 2:3]))


@pytest.mark.parametrize(('name', 'function'), [('relu', F.relu), ('gelu', F.gelu), ('tanh', torch.tanh)])
def test_activations(name, function):
    net = ESPCNNet(activation=name)
    frame = torch.rand(1, 1, 5, 6)
    x = function(net.conv2(function(net.conv1(frame))))
    torch.testing.assert_close(net(frame), F.pixel_shuffle(net.conv3(x), 4))


def test_output_through_a_sigmoid():
    net = ESPCNNet(3, scale=2, output_activation='sigmoid')
    torch.nn.init.normal_(net.conv3.weight)
    x = torch.rand(1, 3, 6, 7)
    features = torch.tanh(F.conv2d(x, net.conv1.weight, net.conv1.bias, padding=2))
    features = torch.tanh(F.conv2d(features, net.conv2.weight, net.conv2.bias, padding=1))
    last = F.pixel_shuffle(F.conv2d(features, net.conv3.weight, net.conv3.bias, padding=1), 2)
    torch.testing.assert_close(net(x), 1 / (1 + torch.exp(-last)), rtol=0, atol=1e-6)
    assert net.state_dict().keys() == ESPCNNet(3, scale=2).state_dict().keys()


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'activation': 'elu'}, "'elu'"),
        ({'scale': 0}, 'scale'),
        ({'signed': True, 'global_residual': True}, 'signed and global_residual'),
        ({'output_activation': 'softmax'}, "'softmax'"),
        ({'output_activation': 'sigmoid', 'signed': True}, 'signed'),
        ({'output_activation': 'sigmoid', 'global_residual': True}, 'global_residual'),
        ({'in_channels': 4, 'out_channels': 1, 'global_residual': True}, '4 and 1'),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        ESPCNNet(**arguments)


def test_foreign_weights_raise():
    with pytest.raises(ValueError, match='head'):
        convert({'head.weight': torch.zeros(1)})
    with pytest.raises(ValueError, match='conv1.weight'):
        convert({'body.4.bias': torch.zeros(16)})
