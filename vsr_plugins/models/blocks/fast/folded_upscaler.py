"""A chain of linear 1 x 1 convolutions and pixel shuffles, as one convolution before one shuffle."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..convolutions import bias_of


def fold(expansions: Sequence[nn.Conv2d], factors: Sequence[int], projection: nn.Conv2d) -> tuple[Tensor, Tensor]:
    """Multiply the weights of the chain; gradients reach every layer.

    Args:
        expansions: 1 x 1 convolutions, each before a pixel shuffle.
        factors: Of the shuffles.
        projection: The last 1 x 1 convolution.

    Returns:
        Weight (out_channels * scale^2, in_channels, 1, 1) and bias, float32 at least.
    """
    last = at_least_single(projection.weight)
    out_channels = last.shape[0]
    # From last to first layer: kernel[o, y, x, c] maps channel c to sub-pixel (y, x) of colour o.
    kernel = last.reshape(out_channels, 1, 1, -1)
    bias = at_least_single(bias_of(projection)).reshape(out_channels, 1, 1)
    for expansion, r in zip(reversed(expansions), reversed(factors), strict=True):
        inner = kernel.shape[1]
        layer = at_least_single(expansion.weight).reshape(-1, r, r, expansion.in_channels)
        layer_bias = at_least_single(bias_of(expansion)).reshape(-1, r, r)
        size = r * inner
        bias = torch.einsum('oyxc,cij->oiyjx', kernel, layer_bias) + bias.reshape(out_channels, 1, inner, 1, inner)
        bias = bias.reshape(out_channels, size, size)
        kernel = torch.einsum('oyxc,cijd->oiyjxd', kernel, layer).reshape(out_channels, size, size, -1)
    return kernel.reshape(-1, kernel.shape[-1], 1, 1), bias.reshape(-1)


def at_least_single(x: Tensor) -> Tensor:
    """float64 as it is, everything else in float32."""
    return x if x.dtype == torch.float64 else x.float()
