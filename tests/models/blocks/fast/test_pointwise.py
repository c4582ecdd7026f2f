import pytest
import torch
import torch.nn.functional as F
from torch import nn

from vsr_plugins.models.blocks.conv3d import Conv1x1x1, Conv3x3x3
from vsr_plugins.models.blocks.fast.switch import fast_paths_off


@pytest.mark.parametrize('batch', [1, 2])
@pytest.mark.parametrize('bias', [True, False])
def test_a_pointwise_convolution_equals_the_definition_with_gradients(batch, bias):
    torch.manual_seed(0)
    conv = Conv1x1x1(5, 7)
    if not bias:
        conv.bias = None
    x = torch.randn(batch, 5, 3, 4, 6).to(memory_format=torch.channels_last_3d).requires_grad_()
    output = conv(x)
    assert output.is_contiguous(memory_format=torch.channels_last_3d)
    with fast_paths_off():
        expected = conv(x)
    torch.testing.assert_close(output, expected)
    for leaf in (x, conv.weight):
        grads = [torch.autograd.grad(y.square().sum(), leaf, retain_graph=True)[0] for y in (output, expected)]
        torch.testing.assert_close(*grads)


@pytest.mark.parametrize('frames', [1, 2, 5])
@pytest.mark.parametrize('batch', [1, 2])
def test_a_convolution_of_few_channels_equals_the_definition(frames, batch, monkeypatch):
    torch.manual_seed(0)
    conv, x = Conv3x3x3(3, 8), torch.randn(batch, 3, frames, 6, 5)
    expected = F.conv3d(x, conv.weight, conv.bias, padding=1)
    monkeypatch.setattr(F, 'conv3d', lambda *args, **kwargs: pytest.fail('convolved by the definition'))
    with torch.inference_mode():
        output = conv(x)
    torch.testing.assert_close(output, expected, atol=1e-6, rtol=1e-5)
    assert output.is_contiguous(memory_format=torch.channels_last_3d)


def test_weights_of_a_pointwise_convolution_are_those_of_conv3d():
    assert Conv1x1x1(2, 3).state_dict().keys() == nn.Conv3d(2, 3, 1).state_dict().keys()
