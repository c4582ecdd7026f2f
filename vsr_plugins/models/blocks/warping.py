"""Backward warping by optical flow."""

import torch
import torch.nn.functional as F
from torch import Tensor

PADDINGS = ('border', 'zeros')


def flow_warp(images: Tensor, flow: Tensor, padding_mode: str = 'border') -> Tensor:
    """Sample ``images`` at positions displaced by the flow, bilinearly, in float32 also under mixed precision.

    Differentiable in both arguments.

    Convention:
        ``flow[:, 0]`` is dx (to the right), ``flow[:, 1]`` dy (down), both in pixels, from the reference to
        ``images``: ``output(p) = images(p + flow(p))``, so a flow with ``reference(p) ~ neighbour(p + flow(p))`` warps
        the neighbour onto the reference. Pixel ``i`` has its centre at ``i``: a flow of whole pixels copies pixels.

    Args:
        images: (n, c, h, w), float.
        flow: (n, 2, h, w).
        padding_mode: Values outside: ``'border'`` repeats the border pixels, ``'zeros'`` is black.

    Returns:
        (n, c, h, w), the dtype of ``images``.

    Raises:
        ValueError: If the shapes do not fit, or ``padding_mode`` is unknown.
    """
    _require_fit(images, flow)
    if padding_mode not in PADDINGS:
        raise ValueError(f'padding_mode must be one of {", ".join(PADDINGS)}, but got {padding_mode!r}')
    h, w = images.shape[-2:]
    with torch.autocast(images.device.type, enabled=False):
        dtype = torch.promote_types(torch.promote_types(images.dtype, flow.dtype), torch.float32)
        position = pixel_grid(h, w, images.device, dtype) + flow.to(dtype)
        # From pixels to the -1 .. 1 of grid_sample. Counted in pixel edges (align_corners=False), this also holds
        # for images that are one pixel high or wide.
        size = position.new_tensor([w, h])
        grid = (2 * position.permute(0, 2, 3, 1) + 1) / size - 1
        sampled = F.grid_sample(images.to(dtype), grid, padding_mode=padding_mode, align_corners=False)
    return sampled.to(images.dtype)


def shift_pixels(images: Tensor, shift: Tensor) -> Tensor:
    """Shift pixels by whole numbers: no interpolation, values are copied exactly.

    Convention:
        That of ``flow_warp``: ``output(p) = images(p + shift(p))``, dx first. Outside, the border pixels repeat.

    Args:
        images: (n, c, h, w).
        shift: (n, 2, h, w) of whole numbers, of any dtype. Not differentiable in the shift.

    Returns:
        (n, c, h, w).

    Raises:
        ValueError: If the shapes do not fit.
    """
    _require_fit(images, shift)
    n, c, h, w = images.shape
    position = pixel_grid(h, w, images.device, torch.long) + shift.long()
    index = position[:, 1].clamp(0, h - 1) * w + position[:, 0].clamp(0, w - 1)
    return images.flatten(2).gather(2, index.reshape(n, 1, h * w).expand(n, c, h * w)).reshape(n, c, h, w)


def pixel_grid(h: int, w: int, device: torch.device | None = None, dtype: torch.dtype = torch.float32) -> Tensor:
    """Coordinates of all pixels, (1, 2, h, w), x first, from 0."""
    y, x = torch.meshgrid(
        torch.arange(h, device=device, dtype=dtype), torch.arange(w, device=device, dtype=dtype), indexing='ij'
    )
    return torch.stack((x, y)).unsqueeze(0)


def _require_fit(images: Tensor, flow: Tensor) -> None:
    if images.ndim != 4 or flow.shape != (images.shape[0], 2, *images.shape[-2:]):
        raise ValueError(
            'images (n, c, h, w) and flow (n, 2, h, w) must agree in n, h and w, but got '
            f'{tuple(images.shape)} and {tuple(flow.shape)}'
        )
