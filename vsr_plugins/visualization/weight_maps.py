"""Draw the weights with which a network combines several estimates, pixel by pixel."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure


def weight_map_figure(frame: np.ndarray, weights: np.ndarray, names: Sequence[str] | None = None) -> Figure:
    """Draw a frame and the weight of each estimate beside it, all on one scale.

    Args:
        frame: (h, w, 3) uint8 RGB.
        weights: (N, h, w), such as ``TemporalAdaptiveNet`` returns with ``return_weights=True``.
        names: Captions of the N maps. By default the numbers of input frames of the branches: 1, 3, 5, ...

    Returns:
        The figure; write it with its ``savefig``.

    Raises:
        ValueError: If the maps differ in size from the frame, or the number of captions is not N.
    """
    if weights.ndim != 3 or weights.shape[1:] != frame.shape[:2]:
        raise ValueError(f'weights must be (N, {frame.shape[0]}, {frame.shape[1]}), but got {weights.shape}')
    if names is None:
        names = [f'{2 * i + 1} frame{"s" if i else ""}' for i in range(len(weights))]
    if len(names) != len(weights):
        raise ValueError(f'{len(weights)} maps need {len(weights)} captions, but got {len(names)}')
    h, w = frame.shape[:2]
    columns = len(weights) + 1
    figure = Figure(figsize=(3.4 * columns, 3.4 * h / w + 0.6), layout='constrained', dpi=150)
    first, *others = figure.subplots(1, columns, squeeze=False)[0]
    first.imshow(frame)
    first.set_xlabel('frame', fontsize=9)
    low, high = float(weights.min()), float(weights.max())
    for axes, name, weight in zip(others, names, weights, strict=True):
        image = axes.imshow(weight, vmin=low, vmax=high, cmap='viridis')
        axes.set_xlabel(f'{name}\nmean {weight.mean():.2f}', fontsize=9)
    figure.colorbar(image, ax=others, shrink=0.8)
    for axes in (first, *others):
        axes.set_xticks([])
        axes.set_yticks([])
    return figure
