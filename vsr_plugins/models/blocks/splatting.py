"""Forward warping: each pixel is sent to where it moves."""

import torch
from torch import Tensor

from .warping import pixel_grid


def splat_upsample(images: Tensor, flow: Tensor, scale: int) -> Tensor:
    """Send each pixel of a low-resolution image to the place in the large grid that its motion gives it.

    The sub-pixel motion compensation layer of "Detail-revealing Deep Video Super-resolution" (ICCV 2017). A
    pixel falls onto the four pixels around its place, with bilinear weights; what falls together
    adds up, and where nothing falls there is zero. In float32 also under automatic mixed precision; differentiable in
    both arguments.

    Convention:
        As in the paper, the pixel at ``p`` goes to ``scale * (p + flow(p))``, so without motion it is the upper left
        one of its ``scale`` x ``scale`` pixels. ``flow`` is dx first, in pixels of the small image, from ``images`` to
        the frame whose grid is filled: ``images(p) ~ reference(p + flow(p))``. What falls outside is lost.

    Args:
        images: (m, c, h, w).
        flow: (m, 2, h, w).
        scale: Enlargement, 1 or more.

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
        x_share, y_share = (place - corner).unbind(1)
        x_left, y_top = corner.unbind(1)
        output = values.new_zeros(m, c, height * width)
        for x, y, share in (
            (x_left, y_top, (1 - x_share) * (1 - y_share)),
            (x_left + 1, y_top, x_share * (1 - y_share)),
            (x_left, y_top + 1, (1 - x_share) * y_share),
            (x_left + 1, y_top + 1, x_share * y_share),
        ):
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            index = (y * width + x).where(inside, 0).long().unsqueeze(1).expand(m, c, h * w)
            output = output.scatter_add(2, index, values * share.where(inside, 0).unsqueeze(1))
    return output.unflatten(2, (height, width)).to(images.dtype)
