"""3 x 3 convolutions with fewer multiplications, by Winograd's algorithm along the rows."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from .switch import ROW_WINOGRAD, may_rearrange_on_cpu
from .winograd import BIAS_POINT, matrices

# Rows of a group of outputs.
GROUP = 6
# What a gain needs: channels of either side, and products of channels and pixels (64 x 64 channels at 108 x 136).
MIN_CHANNELS = 48
MIN_PRODUCTS = 6 * 10**7
# Bytes of a band of groups.
BAND_BYTES = 24 * 2**20
# With AVX-512 PyTorch's convolution is as fast.
CAPABILITIES = ('AVX2', 'DEFAULT')


class RowWinograd(TorchFunctionMode):
    """Within this context, 2-D convolutions that gain from it are computed by ``conv2d``, in any network.

    Whether they gain is decided call by call: on a CPU without AVX-512, in float32 and without gradients, for 3 x 3
    kernels at a stride of 1 with many channels, on frames that are not small.
    """

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Intercept a PyTorch function."""
        if func is F.conv2d and not kwargs and _is_faster(*args):
            return conv2d(*args[:3])
        return func(*args, **(kwargs or {}))


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve with a 3 x 3 kernel and a padding of 1, with less than half the products.

    Six rows are convolved by Winograd's F(6, 3) along the height: 8 products instead of 18, each a convolution along
    the width. The largest difference from an exact sum is 3 times that of PyTorch's convolution.

    Args:
        x: (n, c, h, w).
        weight: (o, c, 3, 3).
        bias: (o,) or None.

    Returns:
        (n, o, h, w), channels last.
    """
    after, kernels, before = (matrix.to(x.dtype) for matrix in matrices(GROUP))
    kernels = torch.einsum('kj,ocjw->kocw', kernels, weight).unsqueeze(3)
    layered = [kernel.contiguous(memory_format=torch.channels_last) for kernel in kernels]
    products, out_channels, in_channels = kernels.shape[:3]
    n, _, h, w = x.shape
    rows = x.contiguous(memory_format=torch.channels_last).permute(0, 2, 3, 1)
    groups = -(-h // GROUP)
    output = x.new_empty(n, h, w, out_channels)
    band = min(max(1, BAND_BYTES // (products * w * max(in_channels, out_channels) * x.element_size())), groups)
    pieces = x.new_empty(products, band, w, in_channels)
    results = x.new_empty(products, band, w, out_channels)
    bias = None if bias is None else bias / after[0, BIAS_POINT]
    for frame, target in zip(rows, output, strict=True):
        for first in range(0, groups, band):
            count = min(band, groups - first)
            source = _overlapping_groups(frame, first, count)
            part, result = pieces[:, :count], results[:, :count]
            torch.bmm(before.expand(count, -1, -1), source, out=part.flatten(2).transpose(0, 1))
            for number, kernel in enumerate(layered):
                lines = part[number].transpose(1, 2).unsqueeze(2)
                product = F.conv2d(lines, kernel, bias if number == BIAS_POINT else None, padding=(0, 1))
                result[number] = product.squeeze(2).transpose(1, 2)
            made = target[first * GROUP : (first + count) * GROUP]
            factors = after.expand(count, -1, -1), result.flatten(2).transpose(0, 1)
            if len(made) == count * GROUP:
                torch.bmm(*factors, out=made.view(count, GROUP, -1))
            else:
                made.copy_(torch.bmm(*factors).view(-1, *made.shape[1:])[: len(made)])
    return output.permute(0, 3, 1, 2)


def _overlapping_groups(frame: Tensor, first: int, count: int) -> Tensor:
    """Rows that each group of outputs needs: (h, w, c) -> (count, GROUP + 2, w * c), a view where no row is missing."""
    top, bottom = first * GROUP - 1, (first + count) * GROUP + 1
    above, below = max(0, -top), max(0, bottom - len(frame))
    rows = frame[top + above : bottom - below].flatten(1)
    if above or below:
        rows = F.pad(rows, (0, 0, above, below))
    return rows.as_strided(
        (count, GROUP + 2, rows.shape[1]), (GROUP * rows.stride(0), rows.stride(0), 1), rows.storage_offset()
    )


def _is_faster(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> bool:
    return (
        x.ndim == 4
        and weight.shape[2:] == (3, 3)
        and groups == 1
        and all(option in (1, (1, 1), [1, 1]) for option in (stride, padding, dilation))
        and min(weight.shape[:2]) >= MIN_CHANNELS
        and weight.shape[0] * x.shape[1:].numel() >= MIN_PRODUCTS
        and torch.backends.cpu.get_cpu_capability() in CAPABILITIES
        and may_rearrange_on_cpu(ROW_WINOGRAD, x, weight)
    )
