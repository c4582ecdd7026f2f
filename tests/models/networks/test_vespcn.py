import pytest
import torch
from checks import assert_vsr_net
from goldens import assert_near, load_golden

from vsr_plugins.checkpoints.converters.vespcn_loseall import convert
from vsr_plugins.models import VESPCNNet
from vsr_plugins.models.alignment.coarse_to_fine_flow import CoarseToFineFlow
from vsr_plugins.models.blocks.warping import flow_warp


def count(module):
    return sum(p.numel() for p in module.parameters())


def test_parameters():
    net = VESPCNNet()
    assert (count(net.flow), count(net.restoration), count(net)) == (53_392, 40_600, 93_992)


@pytest.mark.parametrize(('color', 'scale'), [('y', 4), ('rgb', 3)])
def test_contract(color, scale):
    assert_vsr_net(VESPCNNet(scale, color=color), t=3)


def test_motion_is_that_of_the_neighbours():
    net = VESPCNNet()
    for layers in (net.flow.coarse, net.flow.fine):
        torch.nn.init.zeros_(layers[8].weight)
        layers[8].bias.data.copy_(torch.tensor([0.1, -0.05]).repeat_interleave(len(layers[8].bias) // 2))
    clip = torch.rand(2, 3, 1, 12, 16)
    output, motion = net.forward_with_motion(clip)
    assert output.shape == (2, 1, 48, 64)
    expected = 32 * 2 * torch.tensor([0.1, -0.05]).tanh()
    torch.testing.assert_close(motion.flow, expected.reshape(1, 2, 1, 1).expand(4, 2, 12, 16))
    torch.testing.assert_close(motion.warped, flow_warp(torch.cat((clip[:, 0], clip[:, 2])), motion.flow))
    torch.testing.assert_close(motion.target, torch.cat((clip[:, 1], clip[:, 1])))


def test_it_restores_the_warped_frames():
    """Without motion, the frames reach the restoration unchanged and in order."""
    net = VESPCNNet().eval()
    for layers in (net.flow.coarse, net.flow.fine):
        torch.nn.init.zeros_(layers[8].weight)
    clip = torch.rand(1, 3, 1, 8, 8)
    torch.testing.assert_close(net(clip), net.restoration(clip[:, :, 0]))


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        ({'color': 'yuv'}, "'yuv'"),
        ({'coarse_warp': 'none'}, "'none'"),
        ({'num_layers': 1}, 'got 1'),
        ({'scale': 0}, 'scale'),
    ],
)
def test_wrong_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        VESPCNNet(**arguments)
    with pytest.raises(ValueError, match='3 frames, but got 5'):
        VESPCNNet()(torch.rand(1, 5, 3, 8, 8))


@pytest.mark.golden
def test_motion_equals_another_implementation(golden_root):
    golden = load_golden(golden_root, 'vespcn_motion')
    flow = CoarseToFineFlow(coarse_warp='released')
    weights = convert(golden['state_dict'])
    flow.load_state_dict({key.removeprefix('flow.'): value for key, value in weights.items()})
    with torch.no_grad():
        coarse = flow.coarse(torch.cat((golden['target'], golden['ref']), dim=1))
        assert_near(coarse, golden['coarse_flow'])
        motion = flow.motion(golden['target'], golden['ref'])
        assert_near(motion.flow, golden['flow'])
        assert_near(motion.warped, golden['warped_align_corners_true'])
