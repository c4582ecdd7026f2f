import pytest
import torch
from checks import assert_vsr_net
from goldens import assert_near, load_golden

from vsr_plugins.checkpoints.spmc_loseall import convert
from vsr_plugins.models import BicubicNet, SPMCNet


def test_parameters_are_the_published_ones():
    for scale in (2, 4):
        assert sum(p.numel() for p in SPMCNet(scale).parameters()) == 1_722_161


@pytest.mark.parametrize(('color', 'scale', 'frames'), [('y', 4, 3), ('rgb', 2, 5)])
def test_contract(color, scale, frames):
    assert_vsr_net(SPMCNet(scale, frames, mid_channels=4, color=color), t=frames)


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
    with pytest.raises(ValueError, match='takes 3 frames, but got 2'):
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
def test_weights_that_look_at_the_cell_state_are_refused(golden_root):
    weights = load_golden(golden_root, 'spmc_fusion')['state_dict']
    weights['vsr.lstm.weight_ch'] = weights['vsr.lstm.weight_ch'] + 1
    with pytest.raises(ValueError, match='weight_ch looks at the cell state'):
        convert(weights)
