"""Size of the output, where it is not that of the network, and the film that compares input and output."""

import logging
from fractions import Fraction

import torch
import torch.nn.functional as F
from torch import Tensor

from ...models.blocks.resize import bicubic_upsample
from .options import OutputOptions

logger = logging.getLogger(__name__)

MIN_SIDE, MAX_SIDE = 16, 32768
# A shape that differs by less is not stretched visibly; it comes from the rounding of sides.
VISIBLE = Fraction(1, 100)


def written_size(size: tuple[int, int], preview: bool) -> tuple[int, int]:
    """Return the size (h, w) of a written frame, beside the enlarged input in a preview."""
    return size[0], size[1] * (1 + preview)


def output_size(source: tuple[int, int], scale: int, wanted: OutputOptions) -> tuple[int, int]:
    """Return the size (h, w) of a frame of the output.

    Sides that follow from others are even, as 4:2:0 needs.

    Args:
        source: (h, w) of the source.
        scale: Scale of the network.
        wanted: Size, height or scale, if the user asked for one.

    Raises:
        ValueError: If a side is out of range.
    """
    height, width = source
    if wanted.size is not None:
        size = wanted.size
    elif wanted.height is not None:
        size = wanted.height, _even(Fraction(width * wanted.height, height))
    elif wanted.scale is not None:
        factor = Fraction(wanted.scale).limit_denominator(1000)
        size = tuple(
            int(side * factor) if factor.denominator == 1 else _even(side * factor) for side in (height, width)
        )
    else:
        size = height * scale, width * scale
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in size) and size != (height * scale, width * scale):
        raise ValueError(f'sides of the output must be {MIN_SIDE} to {MAX_SIDE} pixels, but got {size[1]}x{size[0]}')
    return size


def pixel_aspect(source: tuple[int, int], size: tuple[int, int], aspect: Fraction) -> Fraction:
    """Return the width of an output pixel divided by its height, with which the picture keeps its shape.

    Args:
        source: (h, w) of the source.
        size: (h, w) of the output.
        aspect: Width of a source pixel divided by its height.
    """
    stretch = Fraction(source[1] * size[0], source[0] * size[1])
    if abs(stretch - 1) < VISIBLE:
        return aspect
    logger.warning(
        'the shape of %dx%d is not that of the source, %dx%d; players show it in that of the source',
        *(size[1], size[0], source[1], source[0]),
    )
    return (aspect * stretch).limit_denominator(10**4)


def resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (c, h, w) in [0, 1] by the bicubic kernel, widened where pixels are left out so that none aliases."""
    if tuple(picture.shape[-2:]) == tuple(size):
        return picture
    return F.interpolate(picture[None], size=size, mode='bicubic', antialias=True, align_corners=False)[0].clamp(0, 1)


def beside(frame: Tensor, picture: Tensor) -> Tensor:
    """Put the bicubic enlargement of an input frame, (c, h, w), to the left of the output picture, (c, H, W)."""
    scale = -(-picture.shape[-2] // frame.shape[-2])
    enlarged = bicubic_upsample(frame[None], scale)[0].clamp(0, 1)
    return torch.cat((resized(enlarged, tuple(picture.shape[-2:])), picture), -1)


def _even(side: Fraction) -> int:
    return 2 * round(side / 2)
