"""Bicubic upsampling and padding of frames inside networks."""

import torch
import torch.nn.functional as F
from torch import Tensor


def bicubic_upsample(frames: Tensor, scale: int) -> Tensor:
    """Upsample frames by MATLAB's bicubic kernel (a = -0.5), the bicubic baseline of published tables.

    Convention:
        Pixel centres, ``align_corners=False``: output pixel ``i`` lies at ``(i + 0.5) / scale - 0.5`` of the input.
        Outside the frame the border pixels are mirrored, edge included, as in MATLAB's ``imresize``. PyTorch's
        ``mode='bicubic'`` has another kernel (a = -0.75) unless ``antialias=True``, which is used here.

    Args:
        frames: (..., c, h, w), float.
        scale: Integer, 1 or more.

    Returns:
        (..., c, scale * h, scale * w), same dtype, computed in float32. Not clamped: the kernel overshoots at edges.
    """
    if scale == 1:
        return frames
    *lead, h, w = frames.shape
    margin = 2  # the kernel extends two pixels beyond the border
    images = frames.reshape(-1, 1, h, w).to(torch.promote_types(frames.dtype, torch.float32))
    images = images[:, :, _mirrored(h, margin, frames.device)][..., _mirrored(w, margin, frames.device)]
    images = F.interpolate(images, scale_factor=scale, mode='bicubic', antialias=True)
    rows = slice(margin * scale, (margin + h) * scale)
    columns = slice(margin * scale, (margin + w) * scale)
    return images[..., rows, columns].to(frames.dtype).reshape(*lead, h * scale, w * scale)


def _mirrored(size: int, margin: int, device: torch.device) -> Tensor:
    """Indices of ``size`` pixels with ``margin`` mirrored pixels on each side, the edge pixel included."""
    index = torch.arange(-margin, size + margin, device=device) % (2 * size)
    return torch.where(index < size, index, 2 * size - 1 - index)


def pad_to_multiple(frames: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until height and width are multiples of ``multiple``.

    Args:
        frames: (n, t, c, h, w).
        multiple: Height and width become multiples of this.

    Returns:
        (n, t, c, h', w'); the input tensor itself if nothing is missing. The frame stays in the upper left corner, so
        crop an output by ``[..., :scale * h, :scale * w]``.
    """
    h, w = frames.shape[-2:]
    bottom, right = -h % multiple, -w % multiple
    if not (bottom or right):
        return frames
    return F.pad(frames, (0, right, 0, bottom, 0, 0), mode='replicate')
