"""Draw the attention of blocks in the style of figures 7 and 8 of the latent-attention paper."""

from collections.abc import Sequence

import cv2
import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullLocator

from .attention import KEY_STRIDE, Box, KeyRegion, LongRangeMaps, ShortRangeMaps
from .comparison import COLOUR

# Distinguishable from the query's colour and from each other also with red-green colour blindness.
REGION_COLOURS = ('#56b4e9', '#f0e442', '#cc79a7', '#009e73')
STRIP_FRAMES = 8
WIDTH = 11.0
HEAT = 'plasma'
# Minimum upper end of the colour scale, times an equal share, so that nearly uniform attention looks pale.
MIN_CONTRAST = 3.0


def long_range_figure(
    maps: LongRangeMaps, frames: Sequence[np.ndarray], captions: Sequence[str], frame: int, box: Box, title: str = ''
) -> Figure:
    """Draw figure 7: the query in its frame, the strongest regions of keys in their frames, and crops of all below.

    The bottom row shows frames with the attention as an overlay: the query's, and those with most of the attention if
    there are many.

    Args:
        maps: Attention of one block.
        frames: The frames of the keys, (h, w, 3) uint8 RGB.
        captions: Caption of each frame.
        frame: Index of the query's frame.
        box: The query.
        title: Title of the figure.
    """
    aspect, detail_aspect = _aspect(*frames[0].shape[:2]), _aspect(box.height, box.width)
    columns = 1 + max(len(maps.regions), 1)
    order = np.argsort(-maps.weights.sum((1, 2)), kind='stable')
    strip = sorted({frame, *order[order != frame][: STRIP_FRAMES - 1]})
    panel, detail, small = WIDTH / columns * aspect, WIDTH / columns * detail_aspect, WIDTH / len(strip) * aspect
    figure = Figure(figsize=(WIDTH, panel + detail + small + 1.85), layout='constrained', dpi=150)
    figure.suptitle(title or maps.name, fontsize=10)
    rows = figure.add_gridspec(2, 1, height_ratios=(panel + detail + 0.75, small + 0.85))
    top = rows[0].subgridspec(2, columns, height_ratios=(panel, detail))
    _query_panels(figure, top[0, 0], top[1, 0], frames[frame], box, f'query: {captions[frame]}')
    for number, region in enumerate(maps.regions, 1):
        axes = figure.add_subplot(top[0, number])
        _show(axes, frames[region.frame], f'{number}: {captions[region.frame]}')
        for other, colour in zip(maps.regions, _colours(maps.regions), strict=True):
            if other.frame == region.frame:
                _outline(axes, other.box, colour, 1.8 if other is region else 0.8)
        axes = figure.add_subplot(top[1, number])
        _show(axes, _crop(frames[region.frame], region.box))
        axes.set_xlabel(f'{region.weight:.2%} of the attention\n{region.ratio:.1f} x an equal share', fontsize=9)
        _frame(axes, _colours(maps.regions)[number - 1])
    bottom = rows[1].subgridspec(1, len(strip))
    shares = maps.weights * maps.weights.size
    scale = LogNorm(1, max(float(shares.max()), MIN_CONTRAST))
    all_axes = [figure.add_subplot(cell) for cell in bottom]
    for axes, index in zip(all_axes, strip, strict=True):
        _show(axes, _heated(frames[index], scale(shares[index].clip(1))), captions[index])
        axes.title.set_fontsize(7)
        axes.set_xlabel(f'{maps.weights[index].sum():.1%} of the attention', fontsize=7)
        if index == frame:
            _outline(axes, box, COLOUR, 1)
    bar = figure.colorbar(
        ScalarMappable(scale, HEAT), ax=all_axes, location='bottom', aspect=90, fraction=0.06, pad=0.02
    )
    bar.set_label('times an equal share', fontsize=7)
    bar.ax.tick_params(labelsize=6)
    bar.ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    bar.ax.xaxis.set_major_formatter('{x:g}')
    bar.ax.xaxis.set_minor_locator(NullLocator())
    return figure


def short_range_figure(maps: ShortRangeMaps, image: np.ndarray, caption: str, box: Box, title: str = '') -> Figure:
    """Draw figure 8: the mask of one frame, deterministic and for several samples of the latent heads.

    Rows: the mask of the frame, the mask of the region, and the residual of the block in the region. With more than one
    sample the last column is their standard deviation.

    Args:
        maps: Attention of one block.
        image: The frame, (h, w, 3) uint8 RGB.
        caption: Caption of the frame.
        box: The region to enlarge.
        title: Title of the figure.
    """
    masks, responses = [maps.mask, *maps.sampled_masks], [maps.response, *maps.sampled_responses]
    names = ['deterministic', *(f'sample {i + 1}' for i in range(len(maps.sampled_masks)))]
    spread = len(maps.sampled_masks) > 1
    columns = 1 + len(masks) + spread
    width = min(WIDTH, 3.2 * columns)
    panel, detail = (width / columns * _aspect(*size) for size in (image.shape[:2], (box.height, box.width)))
    figure = Figure(figsize=(width, 0.93 * (panel + 2 * detail) + 0.75), layout='constrained', dpi=150)
    figure.suptitle(title or maps.name, fontsize=10)
    grid = figure.add_gridspec(3, columns, height_ratios=(panel, detail, detail))
    _query_panels(figure, grid[0, 0], grid[1, 0], image, box, caption)
    region = slice(box.top, box.top + box.height), slice(box.left, box.left + box.width)
    details = [mask[region] for mask in masks], [response[region] for response in responses]
    for row, (maps, label) in enumerate(
        ((masks, 'mask'), (details[0], 'mask, detail'), (details[1], 'added to the features, detail'))
    ):
        axes = [figure.add_subplot(grid[row, 1 + column]) for column in range(len(maps))]
        # One range for all, so that samples and the deterministic map can be compared by eye.
        low, high = min(part.min() for part in maps), max(part.max() for part in maps)
        for one, part, name in zip(axes, maps, names, strict=True):
            picture = one.imshow(part, cmap='magma', vmin=low, vmax=high, interpolation='nearest')
            _bare(one)
            if row == 0:
                one.set_title(name, fontsize=9)
                _outline(one, box, 'white', 1)
        axes[0].set_ylabel(label, fontsize=8)
        figure.colorbar(picture, ax=axes, fraction=0.03, pad=0.01).ax.tick_params(labelsize=6)
        if spread:
            one = figure.add_subplot(grid[row, columns - 1])
            picture = one.imshow(np.std(maps[1:], axis=0), cmap='viridis', interpolation='nearest')
            _bare(one)
            if row == 0:
                one.set_title('deviation of samples', fontsize=9)
            figure.colorbar(picture, ax=one, fraction=0.05, pad=0.02).ax.tick_params(labelsize=6)
    return figure


def _query_panels(
    figure: Figure, full: SubplotSpec, detail: SubplotSpec, image: np.ndarray, box: Box, caption: str
) -> None:
    axes = figure.add_subplot(full)
    _show(axes, image, caption)
    _outline(axes, box, COLOUR, 1.8)
    axes = figure.add_subplot(detail)
    _show(axes, _crop(image, box))
    _frame(axes, COLOUR)


def _aspect(height: int, width: int) -> float:
    """Height divided by width of a picture's panel, clipped so that an extreme aspect does not enlarge the figure."""
    return min(max(height / width, 0.1), 1.5)


def _colours(regions: Sequence[KeyRegion]) -> list[str]:
    return [REGION_COLOURS[i % len(REGION_COLOURS)] for i in range(len(regions))]


def _crop(image: np.ndarray, box: Box) -> np.ndarray:
    return image[box.top : box.top + box.height, box.left : box.left + box.width]


def _heated(image: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Overlay a grey frame with a map of its keys, 0 (transparent) to 1."""
    h, w = image.shape[:2]
    heat = heat.repeat(KEY_STRIDE, axis=0).repeat(KEY_STRIDE, axis=1)[:h, :w, None]
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[..., None] * 0.8
    colour = matplotlib.colormaps[HEAT](heat[..., 0])[..., :3] * 255
    opacity = 0.9 * np.sqrt(heat)
    return (grey * (1 - opacity) + colour * opacity).round().astype(np.uint8)


def _show(axes: Axes, image: np.ndarray, caption: str = '') -> None:
    axes.imshow(image, interpolation='nearest')
    axes.set_title(caption, fontsize=9)
    _bare(axes)


def _bare(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])


def _outline(axes: Axes, box: Box, colour: str, width: float) -> None:
    corner = box.left - 0.5, box.top - 0.5
    axes.add_patch(Rectangle(corner, box.width, box.height, fill=False, color=colour, linewidth=width))


def _frame(axes: Axes, colour: str) -> None:
    for spine in axes.spines.values():
        spine.set(color=colour, linewidth=2)
