"""Plot quality against cost, with different marks for measured and published numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, NullFormatter

from ..evaluation.tables.method_table import MethodRow, MethodTable

MEASURED, PUBLISHED, GREY, DARK = '#1f5fa8', '#e4572e', '#9ca3af', '#1f2937'
COLUMNS = 2
# In points: distance between lines of labels, horizontal distance of a label from its mark, and minimum vertical
# distance of a label from the mark of another.
LINE, BESIDE, CLEAR = 10, 6, 8


@dataclass
class Label:
    """A name and its marks, all at the same cost; the name is placed at the height of the first."""

    x: float
    ys: Sequence[float]
    text: str


def quality_cost_figure(tables: Sequence[MethodTable]) -> Figure:
    """Draw one panel per table: PSNR against operations per frame, or against parameters if a cost is unknown.

    A filled circle is a measured number, a diamond one published under the same protocol; a line joins those of one
    method. Methods without cost (bicubic) are horizontal lines. Numbers published under other protocols are not drawn.

    Args:
        tables: Tables to draw; those without any number are omitted.

    Returns:
        The figure; write it with its ``savefig``.

    Raises:
        ValueError: If no table has a number.
    """
    drawn = [table for table in tables if any(_values(table, row) for row in table.rows)]
    if not drawn:
        raise ValueError('nothing to draw: no row has a number measured or published under the protocol of its table')
    columns = min(COLUMNS, len(drawn))
    lines = -(-len(drawn) // columns)
    figure = Figure(figsize=(6.4 * columns, 4.6 * lines + 0.4), layout='constrained', dpi=150)
    panels = list(figure.subplots(lines, columns, squeeze=False).flat)
    for axes, table in zip(panels, drawn, strict=False):
        _draw(axes, table)
    for axes in panels[len(drawn) :]:
        axes.set_axis_off()
    kinds = [('o', MEASURED, MEASURED, 'measured here'), ('D', PUBLISHED, 'white', 'published, same protocol')]
    handles = [
        Line2D([], [], marker=mark, color=colour, markerfacecolor=face, linestyle='none', markersize=7, label=label)
        for mark, colour, face, label in kinds
    ]
    figure.legend(handles=handles, loc='outside lower center', ncols=2, frameon=False, fontsize=9)
    return figure


def _values(table: MethodTable, row: MethodRow) -> list[float]:
    """Return the finite PSNR values of a row; frames equal to the ground truth have an infinite PSNR."""
    measured = [] if row.scores is None else [row.scores.mean['PSNR']]
    return [value for value in measured + [one.psnr for one in table.comparable(row)] if math.isfinite(value)]


def _draw(axes: Axes, table: MethodTable) -> None:
    rows = [row for row in table.rows if _values(table, row)]
    by_flops = all(row.cost is not None for row in rows)
    labels, flat = [], []
    for row in rows:
        cost = row.cost.flops / 1e9 if by_flops else (row.parameters or 0) / 1e6
        name = row.method or row.name
        values = _values(table, row)
        if cost <= 0:
            flat.append((name, values[0], row.scores is not None))
            continue
        axes.plot([cost, cost], [min(values), max(values)], color=GREY, linewidth=1, zorder=1)
        if row.scores is not None:
            axes.scatter(cost, row.scores.mean['PSNR'], s=52, color=MEASURED, zorder=3)
        for one in table.comparable(row):
            axes.scatter(cost, one.psnr, s=42, marker='D', facecolor='white', edgecolor=PUBLISHED, zorder=2)
        labels.append(Label(cost, values, name))
    if labels:
        axes.set_xscale('log')
        first, last = min(label.x for label in labels), max(label.x for label in labels)
        # Plain numbers instead of powers, and enough ticks for any range.
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if last < 100 * first else (1,)))
        axes.xaxis.set_major_formatter(lambda value, _: f'{value:g}')
        axes.xaxis.set_minor_formatter(NullFormatter())
        # Space for the last name.
        axes.set_xlim(first / 1.8, last * 1.8 * (last / first) ** 0.2)
    axes.margins(y=0.14)
    for name, value, measured in flat:
        axes.axhline(value, color=MEASURED if measured else PUBLISHED, linestyle='--', linewidth=1, zorder=0)
        axes.annotate(
            name, (1, value), xycoords=('axes fraction', 'data'), xytext=(-4, 3), textcoords='offset points',
            ha='right', fontsize=8, color=DARK,
        )  # fmt: skip
    _place(axes, labels)
    axes.set_xlabel('GFLOPs for one output frame' if by_flops else 'parameters, millions')
    axes.set_ylabel('PSNR, dB')
    axes.set_title(table.caption, fontsize=8, color='#222222', loc='left', wrap=True)
    axes.grid(True, color='#e5e7eb', linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ('top', 'right'):
        axes.spines[side].set_visible(False)


def _place(axes: Axes, labels: Sequence[Label]) -> None:
    """Write names beside their marks: on the right if there is space, else on the left, else higher."""
    axes.figure.draw_without_rendering()

    def in_points(x: float, y: float) -> tuple[float, float]:
        return tuple(value * 72 / axes.figure.dpi for value in axes.transData.transform((x, y)))

    edge = axes.get_window_extent().x0 * 72 / axes.figure.dpi
    # Occupied areas: left, right, height of the middle, and minimum vertical distance of a name.
    marks = [in_points(label.x, y) for label in labels for y in label.ys]
    occupied = [(x - BESIDE, x + BESIDE, y, CLEAR) for x, y in marks]
    for label in sorted(labels, key=lambda label: label.x, reverse=True):
        x, y = in_points(label.x, label.ys[0])
        width = 5.2 * len(label.text) + 4
        for shift, start in ((up, side) for up in count(0, 2) for side in (x + BESIDE, x - BESIDE - width)):
            if start > edge and not any(
                start < right and start + width > left and abs(y + shift - at) < apart
                for left, right, at, apart in occupied
            ):
                break
        occupied.append((start, start + width, y + shift, LINE))
        axes.annotate(
            label.text, (label.x, label.ys[0]), xytext=(BESIDE if start > x else -BESIDE, shift - 3),
            textcoords='offset points', ha='left' if start > x else 'right', fontsize=8, color=DARK,
            path_effects=[withStroke(linewidth=2.5, foreground='white')], zorder=4,
            arrowprops=None if shift < LINE else {'arrowstyle': '-', 'color': GREY, 'lw': 0.5},
        )  # fmt: skip
