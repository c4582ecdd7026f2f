import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vsr_plugins.inference.cost import count_flops
from vsr_plugins.models.blocks.conv3d import Conv3x3x3
from vsr_plugins.models.blocks.fast import temporal_winograd
from vsr_plugins.models.blocks.fast.switch import WINOGRAD, fast_paths_off


def layer_and_input(frames, size=(6, 7), channels=(16, 20), batch=1):
    torch.manual_seed(frames)
    conv = Conv3x3x3(*channels)
    nn.init.kaiming_normal_(conv.weight, a=0.1)
    nn.init.normal_(conv.bias)
    return conv, F.leaky_relu(torch.randn(batch, channels[0], frames, *size), 0.1)


@pytest.fixture
def no_direct_convolution(monkeypatch):
    """Make PyTorch's 3-D convolution fail within the test."""
    monkeypatch.setattr(nn.Conv3d, 'forward', lambda *args: pytest.fail('convolved by the definition'))
    return monkeypatch


@pytest.mark.parametrize('frames', range(4, 17))
def test_equals_the_definition_for_every_length(frames, no_direct_convolution):
    conv, x = layer_and_input(frames)
    with torch.inference_mode():
        output = conv(x)
    exact = F.conv3d(x.double(), conv.weight.double(), conv.bias.double(), padding=1)
    assert 0.8 < exact.std() < 3
    torch.testing.assert_close(output.double(), exact, atol=2e-5, rtol=0)
    assert (output - exact).std() < 4e-6


@pytest.mark.parametrize('size', [(1, 1), (1, 40), (40, 1), (9, 11), (16, 8)])
@pytest.mark.parametrize('rows', [1, 2, 5, 100])
def test_bands_of_rows_join_without_a_seam(size, rows, monkeypatch, no_direct_convolution):
    conv, x = layer_and_input(7, size, batch=2)
    monkeypatch.setattr(temporal_winograd, 'BAND_BYTES', rows * 9 * size[1] * 20 * 4)
    with torch.inference_mode():
        output = conv(x)
    torch.testing.assert_close(output, F.conv3d(x, conv.weight, conv.bias, padding=1), atol=3e-5, rtol=0)
    assert output.is_contiguous(memory_format=torch.channels_last_3d)


def test_without_bias(no_direct_convolution):
    conv, x = layer_and_input(7)
    conv.bias = None
    with torch.inference_mode():
        torch.testing.assert_close(conv(x), F.conv3d(x, conv.weight, padding=1), atol=3e-5, rtol=0)


def test_small_cases_use_the_convolution_of_pytorch():
    for conv, x in (layer_and_input(3), layer_and_input(7, channels=(64, 3))):
        with torch.inference_mode():
            torch.testing.assert_close(conv(x), F.conv3d(x, conv.weight, conv.bias, padding=1), atol=0, rtol=0)
    conv, x = layer_and_input(7)
    with torch.inference_mode():
        half, y = conv.bfloat16(), x.bfloat16()
        torch.testing.assert_close(half(y), F.conv3d(y, half.weight, half.bias, padding=1), atol=0, rtol=0)
    conv, x = layer_and_input(7)
    with torch.inference_mode(), fast_paths_off(WINOGRAD):
        torch.testing.assert_close(conv(x), F.conv3d(x, conv.weight, conv.bias, padding=1), atol=0, rtol=0)
    with torch.inference_mode(), torch.autocast('cpu', torch.bfloat16):
        assert conv(x).dtype == torch.bfloat16


@pytest.mark.parametrize('of', ['input', 'weight'])
def test_gradients_are_those_of_the_definition(of):
    conv, x = layer_and_input(7)
    conv.requires_grad_(of == 'weight')
    leaf = conv.weight if of == 'weight' else x.requires_grad_()
    (grad,) = torch.autograd.grad(conv(x).square().sum(), leaf)
    (expected,) = torch.autograd.grad(F.conv3d(x, conv.weight, conv.bias, padding=1).square().sum(), leaf)
    torch.testing.assert_close(grad, expected)


def test_weights_of_conv3d_load():
    conv, _ = layer_and_input(7)
    plain = nn.Conv3d(16, 20, 3, padding=1)
    conv.load_state_dict(plain.state_dict())
    assert {k: v.shape for k, v in conv.state_dict().items()} == {k: v.shape for k, v in plain.state_dict().items()}


def test_operations_are_counted_by_the_definition():
    conv, x = layer_and_input(7)
    with torch.inference_mode():
        flops, _ = count_flops(lambda: conv(x))
    assert flops == 2 * 27 * 16 * 20 * 7 * 6 * 7
