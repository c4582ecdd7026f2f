"""NIQE, a measure of a frame without ground truth."""

import numpy as np

from .clip_frames import ChannelOrder
from .color import luma

# Side of a block; the covariance of their features needs two.
BLOCK = 96


def require_blocks(height: int, width: int) -> None:
    """Raise if an image has no room for two blocks.

    Raises:
        ValueError: If it has not.
    """
    if (height // BLOCK) * (width // BLOCK) < 2:
        raise ValueError(
            f'NIQE needs images with room for two blocks of {BLOCK} x {BLOCK} pixels, but got {height} x {width}'
        )


def niqe(image: np.ndarray, channel_order: ChannelOrder = 'rgb') -> float:
    """Natural image quality evaluator, NIQE; without unit, lower is better.

    Source: Mittal et al., "Making a completely blind image quality analyzer", IEEE SPL 2013, with the authors' model of
    pristine images, on Y rounded to 8 bits, in blocks of 96 pixels from the upper left corner. MMagic computes it and
    contains the model; its results are those of the authors' MATLAB script to about two digits after the point.

    Args:
        image: (h, w, 3), values in [0, 255], any dtype.
        channel_order: Order of the last axis.

    Raises:
        ValueError: If the image is not a colour image with room for two blocks.
    """
    if image.ndim != 3 or image.shape[2] != 3:
        raise ValueError(f'NIQE needs images (h, w, 3), but got {image.shape}')
    require_blocks(*image.shape[:2])
    from mmagic.evaluation.metrics.niqe import niqe as of_luma

    return float(of_luma(luma(image, channel_order), crop_border=0, input_order='HW'))
