"""Conversions and checks shared by the measures of clips."""

from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

ChannelOrder = Literal['rgb', 'bgr']


def to_grey(frame: np.ndarray, channel_order: ChannelOrder) -> np.ndarray:
    """Convert to full-range 8-bit grey for OpenCV's optical flow: (h, w, 3) in [0, 255] -> (h, w) uint8."""
    if not np.issubdtype(frame.dtype, np.uint8):
        frame = np.clip(np.round(frame), 0, 255).astype(np.uint8)
    return cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY if channel_order == 'rgb' else cv2.COLOR_BGR2GRAY)


def check_clips(name: str, prediction: Sequence[np.ndarray], target: Sequence[np.ndarray], min_size: int) -> None:
    """Raise unless two clips can be compared.

    Raises:
        ValueError: If they differ in length or frame shape, have fewer than two frames, not three channels, or frames
            smaller than ``min_size`` pixels a side.
    """
    if len(prediction) != len(target):
        raise ValueError(f'{name}: {len(prediction)} predicted frames, but {len(target)} of ground truth')
    if len(target) < 2:
        raise ValueError(f'{name} needs at least two neighbouring frames, but got {len(target)}')
    shape = target[0].shape
    for frame in (*prediction, *target):
        if frame.shape != shape:
            raise ValueError(f'{name} needs frames of one shape, but got {frame.shape} and {shape}')
    if len(shape) != 3 or shape[2] != 3 or min(shape[:2]) < min_size:
        raise ValueError(f'{name} needs frames (h, w, 3) of at least {min_size} x {min_size} pixels, but got {shape}')
