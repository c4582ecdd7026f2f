"""Perception against distortion: the plane in which networks trained for PSNR and with a discriminator lie apart."""

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from ..evaluation.tables.method_table import MethodTable
from .quality_cost import DARK, MEASURED, short_label

# Measures of perception, lower is better, in order of preference.
PERCEPTION = ('PI', 'NIQE', 'LPIPS', 'DISTS')
PEAK = 255


def perception_distortion_figure(tables: Sequence[MethodTable]) -> Figure:
    """Draw one panel a table: a measure of perception against the root of the mean squared error.

    "The 2018 PIRM Challenge on Perceptual Image Super-Resolution" (ECCV Workshops 2018) draws the perceptual index
    against the RMSE; better is lower in both. The measure is the first of ``PERCEPTION`` that a table has, the error
    the one that the mean PSNR stands for, in levels of 255. A star marks a departure from the paper, which tables name.

    Args:
        tables: What to draw; a table without such a measure has no panel.

    Returns:
        A figure to be saved by its ``savefig``.

    Raises:
        ValueError: If no table has a row with a measure of perception.
    """
    drawn = [(table, measure) for table in tables if (measure := _measure(table)) is not None]
    if not drawn:
        raise ValueError(
            f'there is nothing to draw: no row has {", ".join(PERCEPTION[:-1])} or {PERCEPTION[-1]}; add --metrics'
        )
    figure = Figure(figsize=(6.4 * len(drawn), 4.6), layout='constrained', dpi=150)
    for axes, (table, measure) in zip(figure.subplots(1, len(drawn), squeeze=False).flat, drawn, strict=True):
        for row in table.rows:
            mean = {} if row.scores is None else row.scores.mean
            if measure not in mean or not math.isfinite(mean['PSNR']):
                continue
            error = rmse(mean['PSNR'])
            axes.scatter(error, mean[measure], s=52, color=MEASURED, zorder=3)
            axes.annotate(
                short_label(row), (error, mean[measure]), xytext=(6, 3), textcoords='offset points', fontsize=8,
                color=DARK,
            )  # fmt: skip
        axes.set_xlabel('RMSE, levels of 255 (distortion)')
        axes.set_ylabel(f'{measure} (perception, lower is better)')
        axes.set_title(table.caption, fontsize=8, color='#222222', loc='left', wrap=True)
        axes.margins(x=0.25, y=0.14)
        axes.grid(True, color='#e5e7eb', linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ('top', 'right'):
            axes.spines[side].set_visible(False)
    return figure


def rmse(psnr: float) -> float:
    """Root of the mean squared error, in levels of 255, that a PSNR in dB stands for."""
    return PEAK * 10 ** (-psnr / 20)


def _measure(table: MethodTable) -> str | None:
    measured = {name for row in table.rows if row.scores is not None for name in row.scores.mean}
    return next((name for name in PERCEPTION if name in measured), None)
