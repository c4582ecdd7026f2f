import pytest
import torch
import torch.nn.functional as F
from checks import assert_vsr_net
from goldens import assert_near, load_golden

from vsr_plugins.checkpoints.converters.spmc_loseall import convert
from vsr_plugins.models import BicubicNet, SPMCNet


def test_parameters_are_the_published_ones():
    for scale in (2, 4):
        assert sum(p.numel() for p in SPMCNet(scale).parameters()) == 1_722_161
    # The public implementation has 2,165,425, but two of its three biases are redundant.
    assert sum(p.numel() for p in SPMCNet(peephole_conv=True).parameters()) == 2_165_425 - 512 - 384


@pytest.mark.parametrize(('color', 'scale', 'frames'), [('y', 4, 3), ('rgb', 2, 5)])
def test_contract(color, scale, frames):
    assert_vsr_net(SPMCNet(scale, frames, mid_channels=4, color=color, peephole_conv=frames == 5), t=frames)


def test_every_step_ends_with_the_output():
    net = SPMCNet(2, mid_channels=4).eval()
    clip = torch.rand(2, 3, 3, 9, 10)
    steps, motion = net.forward_with_motion(clip)
    assert steps.shape == (2, 3, 3, 18, 20)
    torch.testing.assert_close(steps[:, -1], net(clip))
    assert (steps[:, 0] - steps[:, 1]).abs().max() > 1e-4
    assert motion.flow.shape == (6, 2, 12, 12)


def test_motion_is_from_each_frame_to_the_centre():
    net = SPMCNet(2, mid_channels=4).eval()
    clip = torch.rand(1, 3, 1, 8, 8)
    motion = net.forward_with_motion(clip)[1]
    torch.testing.assert_close(motion.target, clip[0])
    torch.testing.assert_close(motion.flow[:1], net.flow(clip[:, 0], clip[:, 1]))


def test_it_adds_to_the_bicubic_frame():
    net = SPMCNet(mid_channels=4)
    torch.nn.init.zeros_(net.restoration.decoder3[-1].weight)
    clip = torch.rand(1, 3, 3, 8, 8)
    torch.testing.assert_close(net(clip), BicubicNet()(clip[:, 1]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [({'num_frames': 4}, 'odd, but got 4'), ({'scale': 1.5}, 'got 1.5'), ({'color': 'g'}, "'g'")],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SPMCNet(**arguments)
    with pytest.raises(ValueError, match='3 frames, but got 2'):
        SPMCNet(mid_channels=4)(torch.rand(1, 2, 3, 8, 8))


@pytest.mark.golden
def test_it_equals_another_implementation(golden_root):
    golden = load_golden(golden_root, 'spmc_fusion')
    net = SPMCNet(mid_channels=8, coarse_warp='released').eval()
    net.load_state_dict(convert(golden['state_dict']))
    frames = golden['input'][0].unsqueeze(1)
    with torch.no_grad():
        residuals = net.restoration(golden['hr_refs'].unsqueeze(2), every_step=True)
        assert_near(residuals.squeeze(2), golden['output'])
        assert_near(net.restoration(golden['hr_refs'].unsqueeze(2))[:, 0, 0], golden['output'][:, -1])
        assert_near(net.flow(frames[1:2].expand_as(frames), frames), golden['flows'])


@pytest.mark.golden
def test_weights_with_peepholes(golden_root):
    """As in files trained there; a second bias is added to the first."""
    golden = load_golden(golden_root, 'spmc_fusion')
    weights, generator = golden['state_dict'], torch.Generator().manual_seed(0)
    bias = torch.randn(96, generator=generator)
    weights['vsr.lstm.bias_ch'] = bias
    plain = convert(weights)
    SPMCNet(mid_channels=8).load_state_dict(plain)
    gates = plain['restoration.lstm.gates.bias'] - weights['vsr.lstm.bias_ih']
    torch.testing.assert_close(gates, torch.cat((bias[:64], torch.zeros(32), bias[64:])))
    weights['vsr.lstm.weight_ch'] = torch.randn(96, 32, 3, 3, generator=generator) / 10
    weights['vsr.lstm.bias_hh'] = torch.randn(128, generator=generator)
    with pytest.raises(RuntimeError, match='peephole_conv'):
        SPMCNet(mid_channels=8).load_state_dict(convert(weights))
    net = SPMCNet(mid_channels=8, peephole_conv=True).eval()
    net.load_state_dict(convert(weights))

    x, hidden, cell = torch.randn(3, 2, 32, 6, 7, generator=generator).unbind(0)
    lstm = {key.removeprefix('vsr.lstm.'): value for key, value in weights.items()}
    with torch.no_grad():
        of_x = F.conv2d(x, lstm['weight_ih'], lstm['bias_ih'], padding=1).split(32, dim=1)
        of_hidden = F.conv2d(hidden, lstm['weight_hh'], lstm['bias_hh'], padding=1).split(32, dim=1)
        of_cell = F.conv2d(cell, lstm['weight_ch'], lstm['bias_ch'], padding=1).split(32, dim=1)
        i = torch.sigmoid(of_x[0] + of_hidden[0] + of_cell[0])
        f = torch.sigmoid(of_x[1] + of_hidden[1] + of_cell[1])
        g = torch.tanh(of_x[2] + of_hidden[2])
        o = torch.sigmoid(of_x[3] + of_hidden[3] + of_cell[2])
        expected = f * cell + i * g
        actual_hidden, actual = net.restoration.lstm(x, (hidden, cell))
    assert_near(actual, expected)
    assert_near(actual_hidden, o * torch.tanh(expected))


@pytest.mark.golden
@pytest.mark.parametrize('key', ['weight_ch', 'weight_hh', 'bias_hh', 'bias_ch'])
def test_parts_of_the_lstm_that_do_not_fit_are_one_error(golden_root, key):
    weights = load_golden(golden_root, 'spmc_fusion')['state_dict']
    weights[f'vsr.lstm.{key}'] = torch.ones(*weights[f'vsr.lstm.{key}'].shape[:-1], 5)
    with pytest.raises(ValueError, match='not weights of'):
        convert(weights)
