from contextlib import nullcontext

import pytest
import torch

from vsr_plugins.models.blocks.fast.switch import FOLDED_UPSCALER, fast_paths_off
from vsr_plugins.models.blocks.upsampling import LinearUpscaler, shuffle_factors


@pytest.mark.parametrize(('scale', 'factors'), [(1, []), (2, [2]), (3, [3]), (4, [2, 2]), (6, [2, 3]), (8, [2, 2, 2])])
def test_factors(scale, factors):
    assert shuffle_factors(scale) == factors


@pytest.mark.parametrize('scale', [0, -2, 2.5])
def test_invalid_scales_raise(scale):
    with pytest.raises(ValueError, match=f'but got {scale}'):
        shuffle_factors(scale)


@pytest.mark.parametrize('scale', [1, 2, 3, 4, 6])
def test_folding_is_exact_in_value_and_gradient(scale):
    upscaler = LinearUpscaler(5, 3, scale).double()
    x = torch.randn(2, 5, 4, 6, dtype=torch.float64)
    results = []
    for path in (nullcontext(), fast_paths_off(FOLDED_UPSCALER)):
        upscaler.zero_grad()
        with path:
            output = upscaler(x)
        output.square().sum().backward()
        results.append((output.detach(), [p.grad.clone() for p in upscaler.parameters()]))
    assert results[0][0].shape == (2, 3, 4 * scale, 6 * scale)
    torch.testing.assert_close(*results)


def test_upscaler_of_the_paper_has_33475_parameters():
    assert sum(p.numel() for p in LinearUpscaler(64, 3, 4).parameters()) == 33475


def test_the_projection_starts_close_to_zero():
    upscaler = LinearUpscaler(64, 3, 4)
    assert 0.008 < upscaler.projection.weight.std().item() < 0.012 and not upscaler.projection.bias.any()
