"""Structural similarity."""

import cv2
import numpy as np

from .psnr import check_pair

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03


def ssim(prediction: np.ndarray, target: np.ndarray, data_range: float = 255.0) -> float:
    """Structural similarity as in its authors' MATLAB script.

    Source: Wang et al., "Image quality assessment: from error visibility to structural similarity", TIP 2004: Gaussian
    window of 11 x 11, sigma 1.5, K1 = 0.01, K2 = 0.03, only where the window lies inside the image. Colour images are
    measured channel by channel and averaged.

    The window is separable, and subtracting a constant from the images leaves the variances unchanged but keeps float32
    accurate to 1e-6; both make it fast.

    Args:
        prediction: (h, w) or (h, w, c), any dtype.
        target: Same shape.
        data_range: Maximum possible value.

    Returns:
        Mean similarity, 1 for equal images.

    Raises:
        ValueError: If the shapes differ, are not those of images, or the window does not fit.
    """
    check_pair(prediction, target)
    if prediction.ndim not in (2, 3) or min(prediction.shape[:2]) < WINDOW:
        raise ValueError(
            f'SSIM needs images (h, w) or (h, w, c) of at least {WINDOW} x {WINDOW} pixels, but got {prediction.shape}'
        )
    x, y = (np.subtract(image, data_range / 2, dtype=np.float32) for image in (prediction, target))
    # The variances enter only as their sum.
    mean_x, mean_y, squares, product = (_filter(values) for values in (x, y, x * x + y * y, x * y))
    covariance = product - mean_x * mean_y
    variances = squares - mean_x * mean_x - mean_y * mean_y
    mean_x += data_range / 2
    mean_y += data_range / 2
    c1, c2 = (K1 * data_range) ** 2, (K2 * data_range) ** 2
    luminance = (2 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    return float((luminance * (2 * covariance + c2) / (variances + c2)).mean(dtype=np.float64))


def _filter(image: np.ndarray) -> np.ndarray:
    """Gaussian means where the window fits, (h, w[, c]) -> (h - 10, w - 10[, c])."""
    # OpenCV's separable filter uses one thread and is faster than a convolution on two; it does not compete with the
    # workers that load data.
    kernel = cv2.getGaussianKernel(WINDOW, SIGMA)
    margin = WINDOW // 2
    return cv2.sepFilter2D(image, -1, kernel, kernel)[margin:-margin, margin:-margin]
