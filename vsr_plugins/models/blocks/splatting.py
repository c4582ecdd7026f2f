"""Forward warping: move each pixel along its motion."""

import torch
from torch import Tensor

from .warping import pixel_grid


def splat_upsample(images: Tensor, flow: Tensor, scale: int) -> Tensor:
    """Splat each pixel of a low-resolution image onto the large grid, at the position its motion gives.

    The sub-pixel motion compensation layer of "Detail-revealing Deep Video Super-resolution" (ICCV 2017). A pixel is
    distributed onto the four pixels around its position, with bilinear weights; contributions to one pixel are summed,
    and a pixel without any is zero. Computes in float32 also under automatic mixed precision; differentiable in both
    arguments.

    Convention:
        As in the paper, the pixel at ``p`` moves to ``scale * (p + flow(p))``, so without motion it is the upper left
        one of its ``scale`` x ``scale`` pixels. ``flow`` is dx first, in pixels of the small image, from ``images`` to
        the frame whose grid is filled: ``images(p) ~ reference(p + flow(p))``. Pixels that land outside are dropped.

    Args:
        images: (m, c, h, w).
        flow: (m, 2, h, w).
        scale: Upscaling factor, 1 or more.

    Returns:
        (m, c, scale * h, scale * w), the dtype of ``images``.
    """
    m, c, h, w = images.shape
    height, width = h * scale, w * scale
    with torch.autocast(images.device.type, enabled=False):
        dtype = torch.promote_types(torch.promote_types(images.dtype, flow.dtype), torch.float32)
        values = images.to(dtype).flatten(2)
        place = (pixel_grid(h, w, images.device, dtype) + flow.to(dtype)).flatten(2) * scale
        corner = place.detach().floor()
        x_weight, y_weight = (place - corner).unbind(1)
        x_left, y_top = corner.unbind(1)
        output = values.new_zeros(m, c, height * width)
        for x, y, weight in (
            (x_left, y_top, (1 - x_weight) * (1 - y_weight)),
            (x_left + 1, y_top, x_weight * (1 - y_weight)),
            (x_left, y_top + 1, (1 - x_weight) * y_weight),
            (x_left + 1, y_top + 1, x_weight * y_weight),
        ):
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            index = (y * width + x).where(inside, 0).long().unsqueeze(1).expand(m, c, h * w)
            output = output.scatter_add(2, index, values * weight.where(inside, 0).unsqueeze(1))
    return output.unflatten(2, (height, width)).to(images.dtype)
