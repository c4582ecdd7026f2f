"""One frame of several methods side by side, with a zoomed crop."""

from collections.abc import Mapping

import cv2
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

COLOUR = '#e4572e'


def most_detailed_window(image: np.ndarray, height: int, width: int) -> tuple[int, int]:
    """Where the most detail of a picture lies: the window with the greatest sum of squared gradients.

    Args:
        image: (h, w, 3) uint8.
        height: Height of the window, cut to the picture's.
        width: Width of the window, cut to the picture's.

    Returns:
        Top row and left column of the window.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    energy = sum(np.square(np.gradient(grey, axis=axis)) if grey.shape[axis] > 1 else 0 * grey for axis in (0, 1))
    height, width = min(height, grey.shape[0]), min(width, grey.shape[1])
    sums = cv2.integral(energy)
    windows = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    top, left = np.unravel_index(np.argmax(windows), windows.shape)
    return int(top), int(left)


def comparison_figure(
    panels: Mapping[str, np.ndarray], reference: str, window: tuple[int, int, int, int], title: str = ''
) -> Figure:
    """Draw whole frames in one row and the same crop of each, enlarged, below.

    Args:
        panels: Caption (may have several lines) -> frame, (h, w, 3) uint8 RGB. A frame smaller than the reference is
            enlarged pixel by pixel.
        reference: Caption of the panel whose size and coordinates count.
        window: Top, left, height and width of the crop in the reference.
        title: Line above everything.

    Returns:
        A figure to be saved by its ``savefig``.
    """
    top, left, height, width = window
    h, w = panels[reference].shape[:2]
    figure = Figure(figsize=(3.4 * len(panels), 3.4 * (h / w + height / width) + 0.9), layout='constrained', dpi=150)
    if title:
        figure.suptitle(title, fontsize=10)
    rows = figure.subplots(2, len(panels), squeeze=False, height_ratios=(h / w, height / width))
    for frame_axes, crop_axes, (caption, frame) in zip(*rows, panels.items(), strict=True):
        frame = cv2.resize(frame, (w, h), interpolation=cv2.INTER_NEAREST) if frame.shape[:2] != (h, w) else frame
        frame_axes.imshow(frame, interpolation='antialiased')
        frame_axes.add_patch(Rectangle((left - 0.5, top - 0.5), width, height, fill=False, color=COLOUR, linewidth=1.5))
        crop_axes.imshow(frame[top : top + height, left : left + width], interpolation='nearest')
        crop_axes.set_xlabel(caption, fontsize=9)
        for axes in (frame_axes, crop_axes):
            axes.set_xticks([])
            axes.set_yticks([])
        for spine in crop_axes.spines.values():
            spine.set(color=COLOUR, linewidth=1.5)
    return figure
