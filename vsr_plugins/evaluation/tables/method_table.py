"""Methods against each other: a row each, with what it costs, what it reaches and what has been published."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..measures import DIGITS as MORE_DIGITS
from ..measures import notes
from ..protocols import Protocol
from ..scores import MAX_CLIPS, Scores
from .published import Published

DIGITS = {'PSNR': 2, 'SSIM': 4}
NOTHING = '–'
FLOPS_ARE = 'FLOPs are those of convolutions (deformable ones too), matrix products and attention; a multiply-add is 2.'


@dataclass(frozen=True)
class Cost:
    """What a network takes on one machine.

    Attributes:
        flops: Floating-point operations for one output frame; a multiply-add is two.
        seconds: Time for one output frame.
        memory: Bytes of its weights and of what a call adds at its peak; None where the system does not tell.
        size: Height and width of the input.
        frames: Frames in, frames out.
        machine: Which machine it was.
    """

    flops: float
    seconds: float
    memory: int | None
    size: tuple[int, int]
    frames: tuple[int, int]
    machine: str


@dataclass(frozen=True)
class MethodRow:
    """One method on one test set.

    Attributes:
        name: Name of its config.
        method: Under which name it was published; None where it was not.
        parameters: How many; None where there is no network to count.
        scores: What was measured; None where nothing was.
        remark: Why nothing was measured, such as ``'no weights'``.
        cost: What it takes; None where that was not measured.
        weights: Which weights were measured.
        published: What was published of it on this data, however measured.
    """

    name: str
    method: str | None = None
    parameters: int | None = None
    scores: Scores | None = None
    remark: str = ''
    cost: Cost | None = None
    weights: str = ''
    published: Sequence[Published] = field(default_factory=tuple)


class MethodTable:
    """Rows that were measured, and published, on the same data under the same protocol.

    Args:
        data: Name of the test set, as ``Published.data`` has it.
        protocol: How every number in the table was measured.
        rows: The methods.
        degradation: How the input was made, such as ``'BIx4'``; '' where the name says so.

    Raises:
        ValueError: If a row was measured under another protocol, or on other frames than the rows before.
    """

    def __init__(self, data: str, protocol: Protocol, rows: Sequence[MethodRow], degradation: str = '') -> None:
        measured = [row for row in rows if row.scores is not None]
        for row in measured:
            if row.scores.protocol != protocol:
                raise ValueError(
                    f'{row.name} was measured differently and cannot share a table: '
                    f'"{row.scores.protocol}" and not "{protocol}"'
                )
            if row.scores.frames != measured[0].scores.frames:
                raise ValueError(
                    f'{measured[0].name} and {row.name} were measured on different frames of {data}: '
                    f'{measured[0].scores.frames}, {row.scores.frames}'
                )
        self.data = data
        self.protocol = protocol
        self.rows = list(rows)
        self.degradation = degradation

    @property
    def more(self) -> list[str]:
        """What was measured of some row beside PSNR and SSIM, in the order of its columns."""
        measured = {value for row in self.rows if row.scores for value in row.scores.mean}
        return [value for value in MORE_DIGITS if value in measured and value not in DIGITS]

    @property
    def caption(self) -> str:
        """What all numbers have in common."""
        made = f', {self.degradation}' if self.degradation and self.degradation not in self.data else ''
        return f'{self.data}{made}; {self.protocol}'

    def comparable(self, row: MethodRow) -> list[Published]:
        """The published numbers of a row that were measured as this table is."""
        return [one for one in row.published if one.protocol == self.protocol]

    def differences(self, row: MethodRow) -> list[dict[str, float]]:
        """Measured less published, by metric, for each of the ``comparable`` numbers."""
        if row.scores is None:
            return []
        mean = row.scores.mean
        return [
            {metric: mean[metric] - value for metric, value in one.values.items() if metric in mean}
            for one in self.comparable(row)
        ]

    def grid(self, sources: list[str]) -> tuple[list[str], list[list[str]]]:
        """Headings and cells of the table.

        Args:
            sources: Filled with the sources of published numbers; cells name them by their place in this list.
        """
        headings = ['method', 'config', 'parameters', 'GFLOPs a frame', 's a frame', 'peak MB']
        headings += ['PSNR', 'SSIM', *self.more, 'published PSNR / SSIM', 'difference']
        return headings, [self._cells(row, sources) for row in self.rows]

    def clips(self) -> tuple[list[str], list[list[str]]]:
        """Headings and cells of the table of clips: all values of each measured row on each; none if too many."""
        measured = [row for row in self.rows if row.scores is not None]
        if not measured or len(measured[0].scores.frames) > MAX_CLIPS:
            return [], []
        names = list(measured[0].scores.frames)
        groups = list(measured[0].scores.groups)
        of_rows = [(row.name, row.scores.clips, row.scores.groups) for row in measured]
        cells = [
            [name, *(self._all(of[clip]) for clip in names), *(self._all(of_groups[group]) for group in groups)]
            for name, of, of_groups in of_rows
        ]
        return [' / '.join((*DIGITS, *self.more)), *names, *groups], cells

    def others(self, sources: list[str]) -> list[str]:
        """A line for each published number that was measured otherwise, or in a way that is not known."""
        lines = []
        for row in self.rows:
            for one in row.published:
                if one.protocol != self.protocol:
                    how = 'protocol not known' if one.protocol is None else f'protocol {one.protocol.name}'
                    lines.append(f'{one.method}: {_pair(one.values)}, {how} {_reference(one, sources)}')
        return list(dict.fromkeys(lines))

    def to_dict(self) -> dict[str, Any]:
        """Everything, unrounded, for JSON."""
        return {
            'data': self.data,
            'degradation': self.degradation,
            'protocol': asdict(self.protocol),
            'rows': [
                {
                    'config': row.name,
                    'method': row.method,
                    'parameters': row.parameters,
                    'cost': None if row.cost is None else asdict(row.cost),
                    'weights': row.weights,
                    'remark': row.remark,
                    'mean': None if row.scores is None else row.scores.mean,
                    'clips': None if row.scores is None else row.scores.clips,
                    'groups': None if row.scores is None else row.scores.groups,
                    'frames': None if row.scores is None else row.scores.frames,
                    'published': [
                        {
                            'protocol': None if one.protocol is None else asdict(one.protocol),
                            **one.values,
                            'source': one.source,
                            'looked_up': one.looked_up,
                            'comparable': one.protocol == self.protocol,
                        }
                        for one in row.published
                    ],
                    'differences': self.differences(row),
                }
                for row in self.rows
            ],
        }

    def _cells(self, row: MethodRow, sources: list[str]) -> list[str]:
        published = '; '.join(f'{_pair(one.values)} {_reference(one, sources)}' for one in self.comparable(row))
        differences = '; '.join(_pair(one, signed=True) for one in self.differences(row))
        cost = row.cost
        mean = {} if row.scores is None else row.scores.mean
        return [
            row.method or NOTHING,
            row.name,
            NOTHING if row.parameters is None else f'{row.parameters:,}',
            NOTHING if cost is None else _three(cost.flops / 1e9),
            NOTHING if cost is None else _three(cost.seconds),
            NOTHING if cost is None or cost.memory is None else f'{cost.memory / 1e6:,.0f}',
            _number(mean, 'PSNR', DIGITS['PSNR']) if 'PSNR' in mean else row.remark or NOTHING,
            _number(mean, 'SSIM', DIGITS['SSIM']),
            *(_number(mean, value, MORE_DIGITS[value]) for value in self.more),
            published or NOTHING,
            differences or NOTHING,
        ]

    def _all(self, values: Mapping[str, float]) -> str:
        return ' / '.join([_pair(values), *(_number(values, value, MORE_DIGITS[value]) for value in self.more)])


def to_rich(tables: Sequence[MethodTable], clips: bool = True) -> Group:
    """For ``rich.console.Console.print``, with or without the tables of clips."""
    parts: list[Text | Table] = []
    sources: list[str] = []
    for table in tables:
        headings, rows = table.grid(sources)
        parts += [Text(table.caption), _rich(headings, rows, left=2)]
        headings, rows = table.clips()
        if rows and clips:
            parts.append(_rich(headings, rows, left=1))
        parts += [Text(f'elsewhere: {line}') for line in table.others(sources)]
    parts += [Text(line) for line in _footnotes(tables, sources)]
    return Group(*parts)


def to_text(tables: Sequence[MethodTable], clips: bool = True, width: int = 220) -> str:
    """As the terminal shows it, without colours."""
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(to_rich(tables, clips))
    return capture.get()


def to_markdown(tables: Sequence[MethodTable]) -> str:
    """GitHub tables; for each test set the methods, then the clips, then what was published otherwise."""
    sources: list[str] = []
    parts = []
    for table in tables:
        parts.append(f'### {table.data}, {table.protocol.name}\n\n{table.caption}\n')
        parts.append(_markdown(*table.grid(sources), left=2))
        headings, rows = table.clips()
        if rows:
            parts.append(_markdown(headings, rows, left=1))
        lines = table.others(sources)
        if lines:
            parts.append('Published under other conditions, not to be compared with the columns above:\n')
            parts.append('\n'.join(f'- {line}' for line in lines) + '\n')
    parts.append('\n'.join(f'- {line}' for line in _footnotes(tables, sources)) + '\n')
    return '\n'.join(parts)


def _footnotes(tables: Sequence[MethodTable], sources: Sequence[str]) -> list[str]:
    lines = []
    costs = {row.cost for table in tables for row in table.rows if row.cost is not None}
    if costs:
        lines.append(FLOPS_ARE)
        for size, machine in sorted({(cost.size, cost.machine) for cost in costs}):
            lines.append(
                f'Costs are for one output frame from input of {size[0]} x {size[1]}; seconds and memory (weights, and '
                f'what a call adds at its peak) on {machine}.'
            )
    lines += notes(value for table in tables for value in table.more)
    lines += [f'[{number}] {source}' for number, source in enumerate(sources, start=1)]
    if any(not one.looked_up for table in tables for row in table.rows for one in row.published):
        lines.append('† quoted as generally known, not looked up in that source')
    return lines


def _reference(one: Published, sources: list[str]) -> str:
    if one.source not in sources:
        sources.append(one.source)
    return f'[{sources.index(one.source) + 1}]{"" if one.looked_up else "†"}'


def _pair(values: Mapping[str, float], signed: bool = False) -> str:
    sign = '+' if signed else ''
    return ' / '.join(_number(values, metric, digits, sign) for metric, digits in DIGITS.items())


def _number(values: Mapping[str, float], name: str, digits: int, sign: str = '') -> str:
    return f'{values[name]:{sign}.{digits}f}' if name in values else NOTHING


def _three(value: float) -> str:
    """A positive number with three digits that count, and no exponent."""
    if value <= 0:
        return '0'
    places = max(0, 2 - math.floor(math.log10(value)))
    return f'{value:,.{places}f}'


def _rich(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> Table:
    table = Table()
    for number, heading in enumerate(headings):
        table.add_column(heading, justify='left' if number < left else 'right')
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(headings: Sequence[str], rows: Sequence[Sequence[str]], left: int) -> str:
    lines = [headings, [('---' if number < left else '---:') for number in range(len(headings))], *rows]
    return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines) + '\n'
