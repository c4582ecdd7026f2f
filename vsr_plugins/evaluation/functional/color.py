"""Luma as published tables use it."""

from typing import Literal

import cv2
import numpy as np

# ITU-R BT.601 for R, G, B in [0, 255]: 16 (black) to 235 (white), as MATLAB's rgb2ycbcr.
OFFSET = 16.0
WEIGHTS = (65.481 / 255, 128.553 / 255, 24.966 / 255)


def luma(image: np.ndarray, channel_order: Literal['rgb', 'bgr'] = 'rgb') -> np.ndarray:
    """Y of BT.601 in studio range, not rounded.

    Full-range Y (0.299 R + 0.587 G + 0.114 B: grey in OpenCV, scikit-image's ``rgb2gray`` and most tensor libraries) is
    stretched by 255/219: its PSNR is 1.3 dB lower, and the two must not be mixed in a table.

    Args:
        image: (..., 3), values in [0, 255], any dtype.
        channel_order: Order of the last axis.

    Returns:
        (...), float32, in [16, 235].

    Raises:
        ValueError: If the last axis does not have three channels or ``channel_order`` is unknown.
    """
    if image.ndim < 1 or image.shape[-1] != 3:
        raise ValueError(f'luma needs three channels on the last axis, but got an array of shape {image.shape}')
    if channel_order not in ('rgb', 'bgr'):
        raise ValueError(f"channel_order must be 'rgb' or 'bgr', but got {channel_order!r}")
    row = [*(WEIGHTS if channel_order == 'rgb' else WEIGHTS[::-1]), OFFSET]
    pixels = np.ascontiguousarray(image, dtype=np.float32).reshape(-1, 1, 3)
    return cv2.transform(pixels, np.array([row], np.float64)).reshape(image.shape[:-1])
