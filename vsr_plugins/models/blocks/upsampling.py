"""Sub-pixel upsampling."""

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .convolutions import bias_of, init_kaiming, init_normal
from .fast.folded_upscaler import at_least_single, fold
from .fast.switch import FOLDED_UPSCALER, is_enabled


def whole_scale(scale: float) -> int:
    """Return ``scale`` as an int, for pixel shuffles and sampling; 4.0 is accepted.

    Raises:
        ValueError: If it is not an integer, or below 1.
    """
    if not isinstance(scale, (int, float)) or not scale >= 1 or scale % 1:
        raise ValueError(f'scale must be an integer of at least 1, but got {scale!r}')
    return int(scale)


def shuffle_factors(scale: float) -> list[int]:
    """Factors of the pixel shuffles for ``scale``: as many 2s as divide it, then the rest in one step.

    Raises:
        ValueError: If ``scale`` is not an integer of at least 1.
    """
    scale = whole_scale(scale)
    factors = []
    while scale % 2 == 0:
        factors.append(2)
        scale //= 2
    return factors + ([scale] if scale > 1 else [])


class LinearUpscaler(nn.Module):
    """Linear convolutions to ``r^2 C`` channels, each with a pixel shuffle, then a linear projection to colour.

    Eqs. (18)-(21) of "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A)). The
    paper specifies neither the kernel nor the number of steps; 1x1 kernels and steps of two are our reading (for x4:
    C -> 4C, shuffle 2, C -> 4C, shuffle 2, C -> 3).

    Without activations the complete module is one linear map from ``in_channels`` to ``out_channels * scale^2``.
    ``forward`` therefore multiplies the layers' weights first and convolves once at low resolution: the same function
    with the same gradients at a fraction of the time and memory. It always computes in float32: frames in half
    precision would be rounded to steps as coarse as those of 8 bits.

    Args:
        in_channels: Channels C of the features.
        out_channels: Channels of a frame.
        scale: Upscaling factor, any integer; its odd part is shuffled in one step.
    """

    def __init__(self, in_channels: int, out_channels: int, scale: int) -> None:
        super().__init__()
        self.scale = whole_scale(scale)
        self.factors = shuffle_factors(scale)
        expansions = nn.ModuleList(nn.Conv2d(in_channels, in_channels * r * r, 1) for r in self.factors)
        self.expansions = cast('Sequence[nn.Conv2d]', expansions)
        self.projection = nn.Conv2d(in_channels, out_channels, 1)
        init_kaiming(*self.expansions, nonlinearity='linear')
        # Start close to zero, so that a network with a global residual starts from that residual.
        init_normal(self.projection, std=0.01)

    def forward(self, x: Tensor) -> Tensor:
        """(n, in_channels, h, w) -> (n, out_channels, scale * h, scale * w), float32 at least."""
        with torch.autocast(x.device.type, enabled=False):
            if is_enabled(FOLDED_UPSCALER):
                weight, bias = fold(self.expansions, self.factors, self.projection)
                return F.pixel_shuffle(F.conv2d(x.to(weight.dtype), weight, bias), self.scale)
            x = at_least_single(x)
            for expansion, r in zip(self.expansions, self.factors, strict=True):
                x = F.pixel_shuffle(_conv_1x1(x, expansion), r)
            return _conv_1x1(x, self.projection)


def _conv_1x1(x: Tensor, conv: nn.Conv2d) -> Tensor:
    return F.conv2d(x, conv.weight.to(x.dtype), bias_of(conv).to(x.dtype))
