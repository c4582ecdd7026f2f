"""Opacity of pixels: colours under transparent ones, and compositing over a background."""

import cv2
import numpy as np


def fill_hidden(pixels: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Replace the colours of fully transparent pixels by those of the nearest visible ones.

    Files store any colour there. A network that sees it lets it bleed into the visible edge. Averages of visible
    pixels, weighted by their opacity, are taken at half, a quarter, ... of the size; the finest that exists is used.

    Args:
        pixels: (h, w, 3), uint8 or uint16, not premultiplied.
        alpha: (h, w), of the same type.

    Returns:
        (h, w, 3); visible pixels are unchanged.
    """
    hidden = alpha == 0
    if not hidden.any():
        return pixels
    weight = alpha.astype(np.float32) / np.iinfo(alpha.dtype).max
    levels: list[tuple[np.ndarray, np.ndarray]] = [(pixels * weight[..., None], weight)]
    while max(levels[-1][1].shape) > 1:
        size = tuple(max(-(-side // 2), 1) for side in levels[-1][1].shape[::-1])
        color, weight = (cv2.resize(part, size, interpolation=cv2.INTER_AREA) for part in levels[-1])
        levels.append((color, weight))
    filled = np.zeros((1, 1, 3), np.float32)
    for color, weight in reversed(levels):
        filled = cv2.resize(filled, weight.shape[::-1], interpolation=cv2.INTER_LINEAR).reshape(*weight.shape, 3)
        visible = weight > 0
        filled[visible] = color[visible] / weight[visible, None]
    return np.where(hidden[..., None], filled.round().astype(pixels.dtype), pixels)


def composite(pixels: np.ndarray, alpha: np.ndarray, background: tuple[int, int, int] = (0, 0, 0)) -> np.ndarray:
    """Composite pixels over a plain background.

    Args:
        pixels: (h, w, 3), uint8 or uint16, not premultiplied.
        alpha: (h, w), of the same type.
        background: RGB of 8 bits.
    """
    max_value = np.iinfo(pixels.dtype).max
    opacity = alpha[..., None].astype(np.float32) / max_value
    below = np.array(background, np.float32) * (max_value / 255)
    return (pixels * opacity + below * (1 - opacity)).round().astype(pixels.dtype)
