"""3 x 3 x 3 convolutions with fewer products."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Of the interpolation, beside infinity, for m output frames: those that round least of all sets of 0, 1, -1 and simple
# fractions, on random features.
POINTS = {
    4: (0, 1, -1, 1 / 2, -2),
    5: (0, 1, -1, -1 / 2, 2 / 3, -3),
    6: (0, 1, -1, 1 / 2, -1 / 2, 2, -2),
    7: (0, 1, -1, 3, -3, 1 / 4, 3 / 4, -3 / 4),
}
# Frames whose transform pays, channels below which transforming takes what it saves, and the size of a piece.
MIN_LENGTH, MAX_LENGTH = min(POINTS), max(POINTS)
MIN_CHANNELS = 16
BAND_BYTES = 16 * 2**20

_allowed = ContextVar('allowed', default=True)


@contextmanager
def direct_convolutions() -> Iterator[None]:
    """Within the context convolutions are computed by their definition: to count operations, or to compare."""
    token = _allowed.set(False)
    try:
        yield
    finally:
        _allowed.reset(token)


def may_rearrange(*tensors: Tensor) -> bool:
    """Whether products may be reordered or folded: not for gradients, not where a graph is written down or counted."""
    return (
        _allowed.get()
        and not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors))
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()
    )


class WinogradConv3d(nn.Conv3d):
    """``nn.Conv3d(in_channels, out_channels, 3, padding=1)`` by ``conv3d``, with its parameters under their names.

    Args:
        in_channels: Channels of the input.
        out_channels: Channels of the output.
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, in_channels, t, h, w) -> (n, out_channels, t, h, w)."""
        return conv3d(x, self.weight, self.bias)


def conv3d(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolve with a 3 x 3 x 3 kernel and a padding of 1, with half the products where that is faster.

    On CPU, in float32 and without gradients, m frames are convolved along time by Winograd's F(m, 3): m + 2 products
    in the place of 3 m, each a 2-D convolution (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, CVPR
    2016, section 4, applied to the axis of time alone). For 7 frames that is 9 in the place of 19 to 21, and the output
    differs by 2e-6 of its standard deviation, where the order of a float32 sum alone makes 4e-7. Elsewhere it is the
    convolution of PyTorch.

    Args:
        x: (n, c, t, h, w).
        weight: (o, c, 3, 3, 3).
        bias: (o,) or None.

    Returns:
        (n, o, t, h, w).
    """
    if not _pays(x, weight):
        return F.conv3d(x, weight, bias, padding=1)
    n, _, t, h, w = x.shape
    x = x.contiguous(memory_format=torch.channels_last_3d).permute(0, 2, 3, 4, 1)
    output = x.new_empty(n, t, h, w, len(weight))
    start = 0
    for length in _lengths(t):
        first, last = max(start - 1, 0), min(start + length + 1, t)
        after, kernels, before = (matrix.to(x.dtype) for matrix in _matrices(length))
        kernels = torch.tensordot(kernels, weight, dims=([1], [2]))
        before = before[:, first - start + 1 : last - start + 1].contiguous()
        # The row of 1 holds the same factor for every frame, and so brings the bias to each.
        biases = {1: None if bias is None else bias / after[0, 1]}
        for clip, target in zip(x[:, first:last], output[:, start : start + length], strict=True):
            _convolve_clip(clip, target, kernels, biases, before, after)
        start += length
    return output.permute(0, 4, 1, 2, 3)


def _pays(x: Tensor, weight: Tensor) -> bool:
    return (
        x.device.type == 'cpu'
        and x.dtype == weight.dtype == torch.float32
        and x.shape[2] >= MIN_LENGTH
        and min(weight.shape[:2]) >= MIN_CHANNELS
        and not torch.is_autocast_enabled('cpu')
        and may_rearrange(x, weight)
    )


def _convolve_clip(
    clip: Tensor,
    target: Tensor,
    kernels: Tensor,
    biases: Mapping[int, Tensor | None],
    before: Tensor,
    after: Tensor,
) -> None:
    """One clip, (frames, h, w, c) -> ``target`` (length, h, w, o), in bands of rows that fit a cache.

    Args:
        clip: Frames that count for the target, channels last.
        target: Is written.
        kernels: (products, o, c, 3, 3).
        biases: Of products, by number.
        before: (products, frames), makes the products' inputs of the frames.
        after: (length, products), makes the target of the products.
    """
    h, w = clip.shape[1:3]
    products, out_channels, in_channels = kernels.shape[:3]
    layered = [kernel.contiguous(memory_format=torch.channels_last) for kernel in kernels]
    rows = max(1, BAND_BYTES // (products * w * max(in_channels, out_channels) * clip.element_size()))
    for top in range(0, h, rows):
        bottom = min(top + rows, h)
        source = clip[:, max(top - 1, 0) : bottom + 1]
        pieces = (before @ source.reshape(len(source), -1)).view(products, *source.shape[1:]).permute(0, 3, 1, 2)
        results = clip.new_empty(products, bottom - top, w, out_channels)
        # At the frame's edge a row of zeros stands in for the neighbouring band, on both sides or on none.
        at_edge = int(top == 0 or bottom == h)
        skipped = int(at_edge and top > 0)
        for number, kernel in enumerate(layered):
            result = F.conv2d(pieces[number : number + 1], kernel, biases.get(number), padding=(at_edge, 1))
            results[number] = result[0, :, skipped : skipped + bottom - top].permute(1, 2, 0)
        target[:, top:bottom] = (after @ results.view(products, -1)).view(-1, *results.shape[1:])


def _lengths(frames: int) -> list[int]:
    """Frames, four at least, in pieces of nearly equal length that ``POINTS`` has."""
    pieces = -(-frames // MAX_LENGTH)
    return [(frames + number) // pieces for number in range(pieces)]


@cache
def _matrices(length: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of F(length, 3), in float64: for outputs (length, n), for kernels (n, 3), for frames (n, n); n = length + 2.

    They are those of Toom and Cook, transposed. The three factors of a point are scaled to one size: that rounds least.
    """
    size = length + 2
    points = torch.tensor(POINTS[length], dtype=torch.float64, device='cpu')

    def powers(count: int) -> Tensor:
        matrix = points.new_zeros(size, count)
        matrix[:-1] = points[:, None] ** torch.arange(count, device='cpu')
        matrix[-1, -1] = 1  # infinity
        return matrix

    factors = [powers(length), powers(3), torch.linalg.inv(powers(size)).T]
    norms = [factor.norm(dim=1, keepdim=True) for factor in factors]
    common = (norms[0] * norms[1] * norms[2]) ** (1 / 3)
    output, kernel, data = (factor * common / norm for factor, norm in zip(factors, norms, strict=True))
    return output.T.contiguous(), kernel, data
