"""3 x 3 x 3 convolutions with fewer multiplications, by Winograd's algorithm along time."""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from .switch import WINOGRAD, may_rearrange_on_cpu
from .winograd import BIAS_POINT, POINTS, matrices

# Range of frames worth transforming, minimum channels for a gain, and bytes of a band of rows.
MIN_LENGTH, MAX_LENGTH = min(POINTS), max(POINTS)
MIN_CHANNELS = 16
BAND_BYTES = 16 * 2**20


def conv3d(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve with a 3 x 3 x 3 kernel and a padding of 1, with half the products where that is faster.

    On CPU, in float32 and without gradients, m frames are convolved along time by Winograd's F(m, 3): m + 2 products
    instead of 3 m, each a 2-D convolution. For 7 frames that is 9 instead of 19 to 21, and the output differs by 2e-6
    of its standard deviation, where reordering a float32 sum alone gives 4e-7. Otherwise PyTorch's convolution is used.

    Args:
        x: (n, c, t, h, w).
        weight: (o, c, 3, 3, 3).
        bias: (o,) or None.

    Returns:
        (n, o, t, h, w).
    """
    if not _is_faster(x, weight):
        return F.conv3d(x, weight, bias, padding=1)
    n, _, t, h, w = x.shape
    x = x.contiguous(memory_format=torch.channels_last_3d).permute(0, 2, 3, 4, 1)
    output = x.new_empty(n, t, h, w, len(weight))
    start = 0
    for length in _lengths(t):
        first, last = max(start - 1, 0), min(start + length + 1, t)
        after, kernels, before = (matrix.to(x.dtype) for matrix in matrices(length))
        dims = [1], [2]
        kernels = torch.tensordot(kernels, weight, dims)  # pyright: ignore[reportArgumentType]  torch infers int
        before = before[:, first - start + 1 : last - start + 1].contiguous()
        biases = {BIAS_POINT: None if bias is None else bias / after[0, BIAS_POINT]}
        for clip, target in zip(x[:, first:last], output[:, start : start + length], strict=True):
            _convolve_clip(clip, target, kernels, biases, before, after)
        start += length
    return output.permute(0, 4, 1, 2, 3)


def _is_faster(x: Tensor, weight: Tensor) -> bool:
    return (
        x.shape[2] >= MIN_LENGTH and min(weight.shape[:2]) >= MIN_CHANNELS and may_rearrange_on_cpu(WINOGRAD, x, weight)
    )


def _convolve_clip(
    clip: Tensor,
    target: Tensor,
    kernels: Tensor,
    biases: Mapping[int, Tensor | None],
    before: Tensor,
    after: Tensor,
) -> None:
    """Convolve one clip, (frames, h, w, c) -> ``target`` (length, h, w, o), in bands of rows that fit a cache.

    Args:
        clip: Frames in the receptive field of the target, channels last.
        target: Written in place.
        kernels: (products, o, c, 3, 3).
        biases: Bias by index of the product.
        before: (products, frames), maps the frames to the products' inputs.
        after: (length, products), maps the products to the target.
    """
    h, w = clip.shape[1:3]
    products, out_channels, in_channels = kernels.shape[:3]
    layered = [kernel.contiguous(memory_format=torch.channels_last) for kernel in kernels]
    rows = max(1, BAND_BYTES // (products * w * max(in_channels, out_channels) * clip.element_size()))
    for top in range(0, h, rows):
        bottom = min(top + rows, h)
        source = clip[:, max(top - 1, 0) : bottom + 1]
        pieces = (before @ source.view(len(source), -1)).view(products, *source.shape[1:]).permute(0, 3, 1, 2)
        results = clip.new_empty(products, bottom - top, w, out_channels)
        # At the frame's edge a row of zeros replaces the neighbouring band; conv2d pads both sides or none.
        at_edge = int(top == 0 or bottom == h)
        skipped = int(at_edge and top > 0)
        for number, kernel in enumerate(layered):
            result = F.conv2d(pieces[number : number + 1], kernel, biases.get(number), padding=(at_edge, 1))
            results[number] = result[0, :, skipped : skipped + bottom - top].permute(1, 2, 0)
        torch.mm(after, results.view(products, -1), out=target[:, top:bottom].view(len(target), -1))


def _lengths(frames: int) -> list[int]:
    """Split at least four frames into pieces of nearly equal length, each a key of ``POINTS``."""
    pieces = -(-frames // MAX_LENGTH)
    return [(frames + number) // pieces for number in range(pieces)]
