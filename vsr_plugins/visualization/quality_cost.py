"""Quality against cost: what is measured and what is published, told apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, NullFormatter

from ..evaluation.tables.method_table import MethodRow, MethodTable, with_departures
from ..pretrained import PRETRAINED

MEASURED, PUBLISHED, GREY, DARK = '#1f5fa8', '#e4572e', '#9ca3af', '#1f2937'
COLUMNS = 2
# In points: how far apart the lines of labels are, how far from the middle of its mark a label begins, and how near the
# middle of a label may come to that of another's mark, above or below.
LINE, BESIDE, CLEAR = 10, 6, 8


@dataclass
class Label:
    """A name, and the marks that it stands beside: of one cost, the first at its height."""

    x: float
    ys: Sequence[float]
    text: str


def quality_cost_figure(tables: Sequence[MethodTable]) -> Figure:
    """Draw one panel a table: PSNR against operations for a frame, or against parameters where no cost is known.

    A filled circle is measured, a diamond published under the same protocol; a line joins those of one method. A star
    marks a departure from the paper, which the tables name. Methods
    that cost nothing (bicubic) are horizontal lines. Numbers published under other conditions are not drawn.

    Args:
        tables: What to draw; a table without a measured row has no panel.

    Returns:
        A figure to be saved by its ``savefig``.

    Raises:
        ValueError: If no table has a measured row.
    """
    drawn = [table for table in tables if any(row.scores is not None and _values(table, row) for row in table.rows)]
    if not drawn:
        raise ValueError('there is nothing to draw: no table has a measured row')
    columns = min(COLUMNS, len(drawn))
    lines = -(-len(drawn) // columns)
    width, height = (7.6, 5.0) if len(drawn) == 1 else (6.4 * columns, 4.6 * lines)
    figure = Figure(figsize=(width, height + 0.4), layout='constrained', dpi=150)
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


def method_label(row: MethodRow) -> str:
    """The name of a method for readers, with its departures from the paper.

    It is the published one, else that under which its weights are registered, else that of its config.
    """
    return with_departures(_name(row), row.departures)


def short_label(row: MethodRow) -> str:
    """The name of a method for pictures, with a star for departures from the paper."""
    return _name(row) + ('*' if row.departures else '')


def _name(row: MethodRow) -> str:
    names = {entry.config: entry.method for entry in PRETRAINED if entry.config}
    return row.method or names.get(row.name, row.name)


def _values(table: MethodTable, row: MethodRow) -> list[float]:
    """What can be drawn of a row; frames that are those of the ground truth have an infinite PSNR."""
    measured = [] if row.scores is None else [row.scores.mean['PSNR']]
    return [value for value in measured + [one.psnr for one in table.comparable(row)] if math.isfinite(value)]


def _draw(axes: Axes, table: MethodTable) -> None:
    rows = [row for row in table.rows if _values(table, row)]
    by_flops = all(row.cost is not None for row in rows)
    labels, flat = [], []
    for row in rows:
        cost = row.cost.flops / 1e9 if by_flops else (row.parameters or 0) / 1e6
        name = short_label(row)
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
        # Plain numbers, and some of them wherever the methods lie.
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if last < 100 * first else (1,)))
        axes.xaxis.set_major_formatter(lambda value, _: f'{value:g}')
        axes.xaxis.set_minor_formatter(NullFormatter())
        # Room for the name of the last.
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
    """Write names beside their marks, on the right where that is free, then on the left, then higher and higher."""
    axes.figure.draw_without_rendering()

    def in_points(x: float, y: float) -> tuple[float, float]:
        return tuple(value * 72 / axes.figure.dpi for value in axes.transData.transform((x, y)))

    edge = axes.get_window_extent().x0 * 72 / axes.figure.dpi
    # What is written or drawn on: from, to, height in the middle, and how near to that a name must not come.
    marks = [in_points(label.x, y) for label in labels for y in label.ys]
    taken = [(x - BESIDE, x + BESIDE, y, CLEAR) for x, y in marks]
    for label in sorted(labels, key=lambda label: label.x, reverse=True):
        x, y = in_points(label.x, label.ys[0])
        width = 5.2 * len(label.text) + 4
        for shift, start in ((up, side) for up in count(0, 2) for side in (x + BESIDE, x - BESIDE - width)):
            if start > edge and not any(
                start < right and start + width > left and abs(y + shift - at) < apart
                for left, right, at, apart in taken
            ):
                break
        taken.append((start, start + width, y + shift, LINE))
        axes.annotate(
            label.text, (label.x, label.ys[0]), xytext=(BESIDE if start > x else -BESIDE, shift - 3),
            textcoords='offset points', ha='left' if start > x else 'right', fontsize=8, color=DARK,
            path_effects=[withStroke(linewidth=2.5, foreground='white')], zorder=4,
            arrowprops=None if shift < LINE else {'arrowstyle': '-', 'color': GREY, 'lw': 0.5},
        )  # fmt: skip
