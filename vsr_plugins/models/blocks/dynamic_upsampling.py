"""Upsampling by filters predicted for every output pixel."""

import torch
import torch.nn.functional as F
from torch import Tensor


def dynamic_upsample(frames: Tensor, filters: Tensor, scale: int) -> Tensor:
    """Upsample frames with a separate filter for each output pixel.

    "Deep Video Super-Resolution Network Using Dynamic Upsampling Filters Without Explicit Motion Compensation" (CVPR
    2018). The colours share the filters. Nothing is unfolded: each tap is one multiplication with a shifted view.

    Convention:
        Tap ``i`` of a k x k filter is row ``i // k``, column ``i % k`` of the patch around the input pixel; sub-pixel
        ``j`` is row ``j // scale``, column ``j % scale`` of the output pixels within it. Pixels outside the frame are
        black.

    Args:
        frames: (n, c, h, w).
        filters: (n, k * k, scale * scale, h, w), k odd; should sum to one over dimension 1.
        scale: Upscaling factor.

    Returns:
        (n, c, scale * h, scale * w).

    Raises:
        ValueError: If the filters do not have an odd square of taps or ``scale ** 2`` sub-pixels.
    """
    taps = filters.shape[1]
    size = round(taps**0.5)
    if size * size != taps or size % 2 == 0 or filters.shape[2] != scale * scale:
        raise ValueError(
            f'filters must be (n, k * k, {scale * scale}, h, w) with an odd k, but got {tuple(filters.shape)}'
        )
    n, c, h, w = frames.shape
    padded = F.pad(frames, [size // 2] * 4).unsqueeze(2)
    output = filters.new_zeros(n, c, scale * scale, h, w)
    for tap in range(taps):
        row, column = divmod(tap, size)
        output = torch.addcmul(output, padded[..., row : row + h, column : column + w], filters[:, tap].unsqueeze(1))
    return F.pixel_shuffle(output.flatten(1, 2), scale)
