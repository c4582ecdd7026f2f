import math

import pytest
import torch
from checks import assert_vsr_net
from goldens import assert_near, load_golden
from torch import nn

from vsr_plugins.checkpoints.converters import vsrnet_srcnn, vsrnet_usstdqq
from vsr_plugins.models import BicubicNet, VSRNet


class ConstantFlow(nn.Module):
    """The same motion everywhere."""

    def __init__(self, dx):
        super().__init__()
        self.dx = dx

    def forward(self, references, neighbours):
        flow = torch.zeros(len(references), 2, *references.shape[-2:])
        flow[:, 0] = self.dx
        return flow


def test_parameters_are_the_published_ones():
    assert sum(p.numel() for p in VSRNet().parameters()) == 272_577


@pytest.mark.parametrize(('scale', 'compensation'), [(4, 'adaptive'), (2, 'full'), (3, 'none')])
def test_contract(scale, compensation):
    assert_vsr_net(VSRNet(scale, compensation), t=5, size=(12, 10))


def test_full_compensation_moves_the_neighbours():
    net = VSRNet(motion_compensation='full')
    net.flow = ConstantFlow(2)
    frames = torch.rand(2, 5, 1, 6, 8)
    moved = net.compensate(frames)
    torch.testing.assert_close(moved[:, 2], frames[:, 2])
    for index in (0, 1, 3, 4):
        torch.testing.assert_close(moved[:, index, ..., :-2], frames[:, index, ..., 2:])


def test_adaptive_compensation_fades_to_the_centre():
    net = VSRNet(tolerance=8)
    net.flow = ConstantFlow(0)
    frames = torch.full((1, 5, 1, 4, 4), 0.5)
    frames[:, 1] += 8 / 255  # off by the tolerance: 1/e of it remains
    frames[:, 3] -= 80 / 255
    moved = net.compensate(frames)
    torch.testing.assert_close(moved[0, 1, 0, 0, 0].item(), 0.5 + 8 / 255 / math.e)
    torch.testing.assert_close(moved[0, 3, 0, 0, 0].item(), 0.5 - 80 / 255 * math.exp(-10))
    torch.testing.assert_close(moved[:, [0, 2, 4]], frames[:, [0, 2, 4]])


def test_motion_is_compensated_by_the_default_flow():
    """A clip that shifts by two large pixels per frame is aligned."""
    torch.manual_seed(0)
    scene = torch.nn.functional.interpolate(torch.rand(1, 1, 12, 20), scale_factor=6, mode='bicubic').clamp(0, 1)
    frames = torch.stack([scene[..., 2 * i : 2 * i + 96] for i in range(5)], dim=1)
    moved = VSRNet(motion_compensation='full').compensate(frames)
    inner = (..., slice(8, -8), slice(16, -16))
    before = (frames[inner] - frames[:, 2:3][inner]).abs().mean()
    after = (moved[inner] - frames[:, 2:3][inner]).abs().mean()
    assert after < before / 5


def test_wrong_arguments_are_named():
    for arguments, message in (
        ({'motion_compensation': 'x'}, "'x'"),
        ({'tolerance': 0}, 'tolerance .* got 0'),
        ({'scale': 0}, 'got 0'),
    ):
        with pytest.raises(ValueError, match=message):
            VSRNet(**arguments)
    with pytest.raises(ValueError, match='5 frames, but got 3'):
        VSRNet()(torch.rand(1, 3, 3, 8, 8))


def test_initialised_from_srcnn_equal_frames_give_its_output():
    from mmagic.models.editors.srcnn import SRCNNNet

    srcnn = SRCNNNet(channels=(1, 64, 32, 1), kernel_sizes=(9, 5, 5), upscale_factor=1)
    weights = {f'generator.{key}': value for key, value in srcnn.state_dict().items()}
    net = VSRNet(motion_compensation='none')
    net.load_state_dict(vsrnet_srcnn.convert(weights))
    frame = torch.rand(1, 1, 6, 7)
    expected = srcnn(BicubicNet()(frame))
    torch.testing.assert_close(net(frame.unsqueeze(1).expand(1, 5, 1, 6, 7)), expected, atol=1e-6, rtol=1e-5)


@pytest.mark.golden
def test_it_equals_another_implementation(golden_root):
    golden = load_golden(golden_root, 'vsrnet')
    net = VSRNet()
    frames = golden['input'].unsqueeze(2)
    with torch.no_grad():
        net.load_state_dict(vsrnet_usstdqq.convert(golden['state_dict']))
        assert_near(net.reconstruct(frames), golden['output'])
        net.load_state_dict(vsrnet_srcnn.convert(golden['srcnn_state_dict']))
        assert_near(net.reconstruct(frames), golden['output_from_srcnn'])
