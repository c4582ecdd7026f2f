"""Peak signal-to-noise ratio."""

import math

import numpy as np


def psnr(prediction: np.ndarray, target: np.ndarray, data_range: float = 255.0) -> float:
    """Peak signal-to-noise ratio over all pixels and channels, ``10 log10(data_range^2 / mse)``.

    Args:
        prediction: Any shape and dtype.
        target: Same shape.
        data_range: Maximum possible value.

    Returns:
        Decibels; ``inf`` for equal images.

    Raises:
        ValueError: If the shapes differ or there is no pixel.
    """
    check_pair(prediction, target)
    difference = np.subtract(prediction, target, dtype=np.float32).ravel()
    # Sum in float64: half a million float32 squares lose the fifth digit.
    mse = float(np.square(difference, dtype=np.float64).mean())
    return math.inf if mse == 0 else 10 * math.log10(data_range**2 / mse)


def check_pair(prediction: np.ndarray, target: np.ndarray) -> None:
    """Raise unless two images can be compared.

    Raises:
        ValueError: If the shapes differ or there is no pixel.
    """
    if prediction.shape != target.shape:
        raise ValueError(f'images must have the same shape, but got {prediction.shape} and {target.shape}')
    if prediction.size == 0:
        raise ValueError(f'images must have pixels, but got shape {prediction.shape}; check crop_border')
