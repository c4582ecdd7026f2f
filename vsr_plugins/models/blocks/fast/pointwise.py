"""1 x 1 x 1 convolutions as matrix products."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .switch import POINTWISE, is_enabled


def conv1x1x1(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve with a 1 x 1 x 1 kernel; on a CPU as one matrix product over all positions.

    PyTorch's own convolution of this size unfolds its input and returns the default layout. The product takes a tenth
    of the time and keeps channels last.

    Args:
        x: (n, c, t, h, w).
        weight: (o, c, 1, 1, 1).
        bias: (o,) or None.

    Returns:
        (n, o, t, h, w).
    """
    if x.device.type != 'cpu' or not is_enabled(POINTWISE) or torch.compiler.is_compiling() or torch.jit.is_tracing():
        return F.conv3d(x, weight, bias)
    return F.linear(x.permute(0, 2, 3, 4, 1), weight.flatten(1), bias).permute(0, 4, 1, 2, 3)
