import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vsr_plugins.models import BasicVSRNet
from vsr_plugins.models.blocks.fast import row_winograd
from vsr_plugins.models.blocks.fast.row_winograd import GROUP, RowWinograd
from vsr_plugins.models.blocks.fast.switch import fast_paths_off


@pytest.fixture
def calls(monkeypatch):
    """Shapes that the path was taken for, on any machine and for 40 x 36 pixels of 48 to 64 channels."""
    shapes = []
    monkeypatch.setattr(torch.backends.cpu, 'get_cpu_capability', lambda: 'AVX2')
    monkeypatch.setattr(row_winograd, 'MIN_PRODUCTS', 40 * 36 * 48 * 48)
    original = row_winograd.conv2d
    monkeypatch.setattr(row_winograd, 'conv2d', lambda x, *args: shapes.append(tuple(x.shape)) or original(x, *args))
    return shapes


def layer_and_input(size, channels=(5, 7), batch=1):
    torch.manual_seed(0)
    conv = nn.Conv2d(*channels, 3, padding=1)
    nn.init.kaiming_normal_(conv.weight, a=0.1)
    nn.init.normal_(conv.bias)
    return conv, F.leaky_relu(torch.randn(batch, channels[0], *size), 0.1)


@pytest.mark.parametrize('height', range(1, 2 * GROUP + 2))
@pytest.mark.parametrize('width', [1, 9])
@pytest.mark.parametrize('groups', [1, 2, 100])
def test_equals_the_definition_for_every_height(height, width, groups, monkeypatch):
    conv, x = layer_and_input((height, width), batch=2)
    monkeypatch.setattr(row_winograd, 'BAND_BYTES', groups * (GROUP + 2) * width * 7 * 4)
    with torch.inference_mode():
        output = row_winograd.conv2d(x, conv.weight, conv.bias)
    exact = F.conv2d(x.double(), conv.weight.double(), conv.bias.double(), padding=1)
    torch.testing.assert_close(output.double(), exact, atol=3e-5, rtol=0)
    assert output.is_contiguous(memory_format=torch.channels_last)


def test_the_error_is_that_of_float32():
    conv, x = layer_and_input((48, 40), channels=(64, 64))
    with torch.inference_mode():
        output = row_winograd.conv2d(x, conv.weight)
    exact = F.conv2d(x.double(), conv.weight.double(), padding=1)
    assert 0.8 < exact.std() < 3
    assert (output - exact).std() < 5e-6


def test_large_convolutions_of_any_network_take_the_path(calls):
    conv, x = layer_and_input((40, 36), channels=(48, 64))
    with torch.inference_mode():
        expected = F.conv2d(x, conv.weight, conv.bias, padding=1)
        with RowWinograd():
            torch.testing.assert_close(conv(x), expected, atol=3e-5, rtol=0)
    assert calls == [(1, 48, 40, 36)]


@pytest.mark.parametrize(
    'options',
    [
        dict(stride=2),
        dict(padding=0),
        dict(padding='same'),
        dict(dilation=2),
        dict(groups=2),
        dict(kernel_size=5),
        dict(padding_mode='reflect'),
        dict(out_channels=3),
        dict(dtype=torch.float64),
    ],
)
def test_other_convolutions_are_those_of_pytorch(options, calls):
    _, x = layer_and_input((40, 36), channels=(48, 64))
    conv = nn.Conv2d(**{**dict(in_channels=48, out_channels=64, kernel_size=3, padding=1), **options})
    x = x.to(conv.weight.dtype)
    with torch.inference_mode():
        expected = conv(x)
        with RowWinograd():
            assert torch.equal(conv(x), expected)
    assert not calls


def test_small_frames_gradients_autocast_and_the_switch_leave_it_to_pytorch(calls, monkeypatch):
    conv, x = layer_and_input((40, 36), channels=(48, 64))
    with RowWinograd():
        conv(x).sum().backward()
        with torch.inference_mode():
            conv(x[..., :20, :])
            with fast_paths_off():
                conv(x)
            with torch.autocast('cpu', torch.bfloat16):
                conv(x)
            monkeypatch.setattr(torch.backends.cpu, 'get_cpu_capability', lambda: 'AVX512')
            conv(x)
    assert not calls


def test_a_network_gives_the_same_output(calls):
    torch.manual_seed(0)
    network = BasicVSRNet(mid_channels=48, num_blocks=1).eval()
    clip = torch.rand(1, 2, 3, 64, 64)
    with torch.inference_mode():
        by_definition = network(clip)
        assert not calls
        with RowWinograd():
            fast = network(clip)
    assert calls
    assert not torch.equal(fast, by_definition)
    torch.testing.assert_close(fast, by_definition, atol=1e-5, rtol=0)
