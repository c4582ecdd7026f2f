"""Draw one frame of several methods: the full frame, an enlarged crop of each, and a row of pixels over time."""

import math
from collections.abc import Mapping

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke

COLOUR = '#e4572e'
# White outline, for contrast on frames of the same colour.
EDGED = [withStroke(linewidth=3, foreground='white')]
FONT_SIZE = 8
# All in inches: height of the upper part by the number of rows of crops, gap, line of text, height of a profile, and
# minimum width of a panel, below which captions overlap.
UPPER_HEIGHT = {1: 2.6, 2: 3.6}
GAP = 0.06
LINE = 0.15
PROFILE_HEIGHT = 0.9
MIN_PANEL_WIDTH = 1.15
# Pixels of a profile on each side of the crop, in widths of the crop.
PROFILE_MARGIN = 0.75


def most_detailed_window(image: np.ndarray, height: int, width: int) -> tuple[int, int]:
    """Find the window with most detail: the maximum sum of squared gradients.

    Args:
        image: (h, w, 3) uint8.
        height: Height of the window, limited to the picture's.
        width: Width of the window, limited to the picture's.

    Returns:
        Top row and left column of the window.
    """
    return _heaviest_window(_detail(image), height, width)


def most_telling_window(panels: Mapping[str, np.ndarray], reference: str, height: int, width: int) -> tuple[int, int]:
    """Find the window where methods differ most visibly: the maximum sum of differences times detail.

    Args:
        panels: Frame by name, (h, w, 3) uint8, all of one size.
        reference: Name of the frame whose detail is used.
        height: Height of the window, limited to the frames'.
        width: Width of the window, limited to the frames'.

    Returns:
        Top row and left column of the window; if nothing differs, those of the window with most detail.
    """
    stack = np.stack([cv2.cvtColor(panel, cv2.COLOR_RGB2GRAY).astype(np.float64) for panel in panels.values()])
    detail = np.sqrt(_detail(panels[reference]))
    weight = stack.std(axis=0) * detail
    return _heaviest_window(weight if weight.any() else detail, height, width)


def profile_span(window: tuple[int, int, int, int], size: tuple[int, int]) -> tuple[int, slice]:
    """Return the row and columns of a crop's temporal profile: through its middle and beyond it on both sides.

    Args:
        window: Top, left, height and width of the crop.
        size: Height and width of the frame.
    """
    top, left, height, width = window
    margin = round(PROFILE_MARGIN * width)
    return min(top + height // 2, size[0] - 1), slice(max(left - margin, 0), min(left + width + margin, size[1]))


def comparison_figure(
    panels: Mapping[str, np.ndarray],
    reference: str,
    window: tuple[int, int, int, int],
    title: str = '',
    profiles: Mapping[str, np.ndarray] | None = None,
) -> Figure:
    """Draw the full reference, the enlarged crop of every panel beside it, and profiles below.

    Args:
        panels: Frame, (h, w, 3) uint8 RGB, by caption, which may have several lines. A frame smaller than the reference
            is enlarged by nearest neighbour.
        reference: Caption of the panel that defines size and coordinates.
        window: Top, left, height and width of the crop in the reference.
        title: Title of the figure.
        profiles: One per panel, in the same order, (t, w', 3) uint8: the row of ``profile_span`` in every frame of the
            clip. Time runs downwards.

    Returns:
        The figure; write it with its ``savefig``.
    """
    top, left, height, width = window
    h, w = panels[reference].shape[:2]
    columns, rows = _grid(len(panels), height / width)
    captions = max(caption.count('\n') + 1 for caption in panels) * LINE + GAP
    head = LINE + 2 * GAP if title else GAP
    upper = UPPER_HEIGHT[rows]
    crop_height = (upper - rows * captions) / rows
    crop_width = max(crop_height * width / height, MIN_PANEL_WIDTH)
    crop_width = min(crop_width, 2.2 * crop_height)
    # The full frame ends where the crops end.
    frame_height = upper - captions
    frame_width = frame_height * w / h
    strip = (PROFILE_HEIGHT + LINE + 2 * GAP) if profiles else 0.0
    total_width = frame_width + columns * (crop_width + GAP) + 2 * GAP
    total_height = head + upper + strip
    figure = Figure(figsize=(total_width, total_height), dpi=200)

    def axes(x: float, y: float, wide: float, high: float) -> Axes:
        """Add axes at x and y inches from the upper left corner."""
        box = (x / total_width, 1 - (y + high) / total_height, wide / total_width, high / total_height)
        added = figure.add_axes(box)
        added.set_xticks([])
        added.set_yticks([])
        return added

    if title:
        figure.text(GAP / total_width, 1 - (GAP + LINE / 2) / total_height, title, fontsize=FONT_SIZE, va='center')
    full = axes(GAP, head, frame_width, frame_height)
    full.imshow(panels[reference], interpolation='antialiased')
    full.add_patch(
        Rectangle((left - 0.5, top - 0.5), width, height, fill=False, color=COLOUR, linewidth=1.5, path_effects=EDGED)
    )
    if profiles:
        row, span = profile_span(window, (h, w))
        full.plot(
            (span.start, span.stop - 1),
            (row, row),
            color=COLOUR,
            linewidth=1,
            linestyle=(0, (4, 2)),
            path_effects=EDGED,
        )
    for spine in full.spines.values():
        spine.set_visible(False)
    for number, (caption, frame) in enumerate(panels.items()):
        frame = cv2.resize(frame, (w, h), interpolation=cv2.INTER_NEAREST) if frame.shape[:2] != (h, w) else frame
        row, column = divmod(number, columns)
        x = GAP + frame_width + GAP + column * (crop_width + GAP)
        crop = axes(x, head + row * (crop_height + captions), crop_width, crop_height)
        crop.imshow(frame[top : top + height, left : left + width], interpolation='nearest')
        crop.set_xlabel(caption, fontsize=FONT_SIZE, labelpad=2)
        for spine in crop.spines.values():
            spine.set(color=COLOUR, linewidth=1.2)
    if profiles:
        each = (total_width - GAP) / len(panels) - GAP
        for number, (caption, profile) in enumerate(zip(panels, profiles.values(), strict=True)):
            x = GAP + number * (each + GAP)
            strip_axes = axes(x, head + upper + GAP, each, PROFILE_HEIGHT)
            strip_axes.imshow(profile, interpolation='nearest', aspect='auto')
            strip_axes.set_xlabel(f'{caption.splitlines()[0]} over time', fontsize=FONT_SIZE, labelpad=2)
    return figure


def _grid(count: int, ratio: float) -> tuple[int, int]:
    """Columns and rows for crops with ``ratio`` = height / width: two rows, or one for up to three crops."""
    rows = 1 if count <= 3 and ratio >= 0.75 else 2
    return math.ceil(count / rows), rows


def _detail(image: np.ndarray) -> np.ndarray:
    """Compute the squared gradient of the brightness, (h, w)."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float64)
    return sum(np.square(np.gradient(grey, axis=axis)) if grey.shape[axis] > 1 else 0 * grey for axis in (0, 1))


def _heaviest_window(weight: np.ndarray, height: int, width: int) -> tuple[int, int]:
    height, width = min(height, weight.shape[0]), min(width, weight.shape[1])
    sums = cv2.integral(weight)
    windows = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    top, left = np.unravel_index(np.argmax(windows), windows.shape)
    return int(top), int(left)
