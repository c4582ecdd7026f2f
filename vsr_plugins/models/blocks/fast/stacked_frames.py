"""3 x 3 x 3 convolutions of few channels as one 2-D convolution of three neighbouring frames."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .switch import STACKED_FRAMES, may_rearrange_on_cpu

# PyTorch's 3-D convolution is slow below.
MAX_CHANNELS = 15


def is_faster(x: Tensor, weight: Tensor) -> bool:
    """Whether ``conv3d_of_few_channels`` applies: on a CPU, in float32 and without gradients."""
    return x.shape[1] <= MAX_CHANNELS and may_rearrange_on_cpu(STACKED_FRAMES, x, weight)


def conv3d_of_few_channels(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve with a 3 x 3 x 3 kernel and a padding of 1: the previous, this and the next frame as channels.

    Args:
        x: (n, c, t, h, w), frames such as (n, 3, t, h, w).
        weight: (o, c, 3, 3, 3).
        bias: (o,) or None.

    Returns:
        (n, o, t, h, w), channels last.
    """
    n, _, t = x.shape[:3]
    padded = F.pad(x, (0, 0, 0, 0, 1, 1))
    stacked = torch.cat([padded[:, :, start : start + t] for start in range(3)], dim=1)
    planes = stacked.transpose(1, 2).flatten(0, 1).contiguous(memory_format=torch.channels_last)
    output = F.conv2d(planes, weight.transpose(1, 2).flatten(1, 2), bias, padding=1)
    return output.unflatten(0, (n, t)).transpose(1, 2)
