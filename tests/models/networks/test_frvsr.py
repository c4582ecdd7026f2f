import pytest
import torch
import torch.nn.functional as F
from checks import assert_vsr_net
from goldens import assert_near, load_golden

from vsr_plugins.checkpoints.converters.frvsr_tecogan import convert
from vsr_plugins.models import FRVSRNet
from vsr_plugins.models.blocks.tecogan_bicubic import tecogan_bicubic_upsample


@pytest.mark.parametrize(('mid_channels', 'parameters'), [(128, 5_054_693), (64, 2_589_093)])
def test_parameters_are_the_published_ones(mid_channels, parameters):
    net = FRVSRNet(mid_channels)
    assert sum(p.numel() for p in net.parameters()) == parameters
    assert sum(p.numel() for p in net.flow.parameters()) == 1_745_506


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_contract(scale):
    assert_vsr_net(FRVSRNet(4, num_blocks=1, scale=scale), t=3)


def test_a_stream_is_the_clip():
    net = FRVSRNet(4, num_blocks=1).eval()
    clip = torch.rand(1, 4, 3, 9, 10)
    with torch.no_grad():
        expected = net(clip)
        for index, output in enumerate(net.stream(iter(clip.unbind(1)))):
            torch.testing.assert_close(output, expected[:, index])


def test_a_stream_keeps_only_the_last_frame():
    """Memory does not grow with the clip: an output is freed as soon as the reader drops it."""
    import weakref

    net = FRVSRNet(4, num_blocks=1).eval()
    alive = []
    with torch.no_grad():
        for output in net.stream(torch.rand(1, 3, 8, 8) for _ in range(6)):
            alive.append(weakref.ref(output))
            del output
            assert sum(reference() is not None for reference in alive) <= 1


def test_outputs_depend_on_the_past_only():
    net = FRVSRNet(4, num_blocks=1).eval()
    clip = torch.rand(1, 3, 3, 8, 8)
    changed = clip.clone()
    changed[:, 1] = 0
    with torch.no_grad():
        difference = (net(clip) - net(changed)).abs().amax((0, 2, 3, 4))
    assert difference[0] == 0
    assert difference[1] > 1e-4
    assert difference[2] > 1e-7


def test_motion_is_to_the_frame_before():
    net = FRVSRNet(4, num_blocks=1).eval()
    torch.nn.init.zeros_(net.flow.head[2].weight)
    net.flow.head[2].bias.data.copy_(torch.tensor([1.0 / 24, -2.0 / 24]).atanh())
    clip = torch.rand(2, 3, 3, 8, 8)
    output, motion = net.forward_with_motion(clip)
    torch.testing.assert_close(output, net(clip))
    assert motion.flow.shape == (4, 2, 8, 8)
    torch.testing.assert_close(motion.flow[0, :, 3, 3], torch.tensor([1.0, -2.0]))
    # Pixels come from one to the right and two above in the previous frame.
    torch.testing.assert_close(motion.warped[1][:, 2:, :-1], clip[0, 1, :, :-2, 1:], atol=1e-4, rtol=0)
    torch.testing.assert_close(motion.target[1], clip[0, 2])
    with pytest.raises(ValueError, match='at least 2 frames, but got 1'):
        net.forward_with_motion(clip[:, :1])


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match="'nearest'"):
        FRVSRNet(flow_upsampling='nearest')
    with pytest.raises(ValueError, match='scale 4 .* got 2'):
        FRVSRNet(scale=2, flow_upsampling='tecogan_bicubic')


def test_tecogan_bicubic_is_pytorchs_bicubic_shifted():
    """PyTorch's kernel has the same a, and with aligned corners its samples are at i / 4 of this size."""
    images = torch.rand(2, 3, 5, 6, dtype=torch.float64)
    expected = F.interpolate(images, size=(17, 21), mode='bicubic', align_corners=True)
    torch.testing.assert_close(tecogan_bicubic_upsample(images)[..., :17, :21], expected)


@pytest.mark.golden
@pytest.mark.parametrize(('degradation', 'flow_upsampling'), [('bi', 'bilinear'), ('bd', 'tecogan_bicubic')])
def test_it_equals_another_implementation(golden_root, degradation, flow_upsampling):
    golden = load_golden(golden_root, f'frvsr_{degradation}')
    net = FRVSRNet(16, 2, flow_upsampling=flow_upsampling, global_residual=True).eval()
    net.load_state_dict(convert(golden['state_dict']))
    frames = golden['input']
    with torch.no_grad():
        for index, flow in enumerate(golden['lr_flow']):
            assert_near(net.estimate_flow(frames[:, index + 1], frames[:, index])[0], flow, atol=1e-4)
        # Flows of 24 pixels amplify the rounding of the previous convolutions.
        assert_near(net(frames)[:, 0], golden['output'][:, 0])
        assert_near(net(frames), golden['output'], atol=1e-3)
