import pytest
import torch
from checks import assert_vsr_net
from goldens import assert_near, load_golden
from skimage.color import rgb2ycbcr

from vsr_plugins.checkpoints.converters.fsrcnn_yjn870 import convert
from vsr_plugins.models import BicubicNet, FSRCNNNet


def test_parameters_are_the_published_ones():
    for scale in (2, 3, 4):
        assert sum(p.numel() for p in FSRCNNNet(scale=scale).parameters()) == 12_809
    weights = [p for name, p in FSRCNNNet().named_parameters() if p.ndim == 4]
    assert sum(p.numel() for p in weights) == 12_464


@pytest.mark.parametrize(('in_channels', 'scale'), [(1, 4), (1, 3), (3, 2)])
def test_contract(in_channels, scale):
    assert_vsr_net(FSRCNNNet(in_channels, scale), t=2)


def test_chroma_is_interpolated():
    net = FSRCNNNet().eval()
    frames = torch.rand(1, 2, 3, 6, 7)
    with torch.no_grad():
        output, bicubic = (rgb2ycbcr(x(frames).numpy(), channel_axis=2) for x in (net, BicubicNet()))
    assert abs(output - bicubic)[:, :, 1:].max() < 1e-3
    assert abs(output - bicubic)[:, :, 0].max() > 1


def test_wrong_arguments_are_named():
    with pytest.raises(ValueError, match='in_channels .* got'):
        FSRCNNNet(2)


@pytest.mark.golden
@pytest.mark.parametrize('scale', [2, 3, 4])
def test_it_equals_another_implementation(golden_root, scale):
    golden = load_golden(golden_root, 'fsrcnn')
    weights, expected = golden['state_dict'], golden['output']
    if scale != 4:
        other = golden['other_scales'][f'x{scale}']
        weights |= {'last_part.weight': other['last_weight'], 'last_part.bias': other['last_bias']}
        expected = other['output']
    net = FSRCNNNet(scale=scale)
    net.load_state_dict(convert(weights))
    with torch.no_grad():
        assert_near(net(golden['input'].unsqueeze(1)).squeeze(1), expected)


@pytest.mark.parametrize('color', [1, 3])
def test_a_frame_alone_is_a_frame_of_a_clip(color):
    net = FSRCNNNet().eval()
    clip = torch.rand(2, 3, color, 5, 7)
    with torch.no_grad():
        torch.testing.assert_close(net(clip.flatten(0, 1)), net(clip).flatten(0, 1))
        torch.testing.assert_close(net(clip[0, 0]), net(clip)[0, 0])


def test_the_deconvolution_starts_as_in_the_paper():
    assert FSRCNNNet().deconv.weight.std().item() == pytest.approx(0.001, rel=0.05)
