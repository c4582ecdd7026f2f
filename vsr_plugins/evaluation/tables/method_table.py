"""Methods against each other: a row each, with what it costs, what it reaches and what has been published."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, asdict, dataclass, field
from typing import Any

from rich.console import Group

from ..measures import DIGITS as MORE_DIGITS
from ..measures import notes
from ..protocols import Protocol
from ..scores import MAX_CLIPS, Scores
from .published import Published
from .rendering import NOTHING, Column, Grid, Report, Section

DIGITS = {'PSNR': 2, 'SSIM': 4}
FLOPS_ARE = 'FLOPs are those of convolutions (deformable ones too), matrix products and attention; a multiply-add is 2.'


@dataclass(frozen=True, kw_only=True)
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

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> 'Cost':
        """The inverse of ``dataclasses.asdict``, also of what JSON made of it."""
        return cls(**{**content, 'size': tuple(content['size']), 'frames': tuple(content['frames'])})


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
        spread: Standard deviation of each mean over several trainings; {} for a single one.
        departures: What the network, or its training where that gave the weights, has otherwise than the paper.
    """

    name: str
    _: KW_ONLY
    method: str | None = None
    parameters: int | None = None
    scores: Scores | None = None
    remark: str = ''
    cost: Cost | None = None
    weights: str = ''
    published: Sequence[Published] = field(default_factory=tuple)
    spread: Mapping[str, float] = field(default_factory=dict)
    departures: Sequence[str] = ()

    @property
    def label(self) -> str | None:
        """The method with its departures from the paper, such as ``'EDVR-M (crops of 32)'``."""
        return None if self.method is None else with_departures(self.method, self.departures)


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
        measured = _measured(rows)
        for row, scores in measured:
            if scores.protocol != protocol:
                raise ValueError(
                    f'{row.name} was measured differently and cannot share a table: '
                    f'"{scores.protocol}" and not "{protocol}"'
                )
            first, reference = measured[0]
            if scores.frames != reference.frames:
                raise ValueError(
                    f'{first.name} and {row.name} were measured on different frames of {data}: '
                    f'{reference.frames}, {scores.frames}'
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

    def columns(self, sources: 'Sources') -> list[Column[MethodRow]]:
        """The columns of the table, those of text first."""
        return [
            Column('method', lambda row: row.label or NOTHING, is_text=True),
            Column('config', lambda row: row.name, is_text=True),
            Column('parameters', lambda row: NOTHING if row.parameters is None else f'{row.parameters:,}'),
            Column('GFLOPs a frame', lambda row: _cost(row, lambda cost: _three(cost.flops / 1e9))),
            Column('s a frame', lambda row: _cost(row, lambda cost: _three(cost.seconds))),
            Column(
                'peak MB', lambda row: _cost(row, lambda cost: f'{cost.memory / 1e6:,.0f}' if cost.memory else None)
            ),
            Column('PSNR', lambda row: _value(row, 'PSNR') if 'PSNR' in _mean(row) else row.remark or NOTHING),
            Column('SSIM', lambda row: _value(row, 'SSIM')),
            *(Column(name, lambda row, name=name: _value(row, name)) for name in self.more),
            Column('published PSNR / SSIM', lambda row: self._published(row, sources)),
            Column('difference', lambda row: '; '.join(_pair(one, '+') for one in self.differences(row)) or NOTHING),
        ]

    def section(self, sources: 'Sources', clips: bool = True) -> Section:
        """The table as it is shown, with or without the table of clips.

        Args:
            sources: Of published numbers, in all sections of a report.
            clips: Add a grid of all values of each measured row on each clip, unless there are too many.
        """
        grids = [Grid.of(self.columns(sources), self.rows)]
        if clips and (by_clip := self.clips()) is not None:
            grids.append(by_clip)
        return Section(self.caption, grids, f'{self.data}, {self.protocol.name}', self.others(sources))

    def clips(self) -> Grid | None:
        """All values of each measured row on each clip; None if there are too many clips, or no values."""
        measured = [(row, scores) for row, scores in _measured(self.rows) if scores.clips]
        if not measured or len(measured[0][1].frames) > MAX_CLIPS:
            return None
        names, groups = list(measured[0][1].frames), list(measured[0][1].groups)
        cells = [
            [
                row.name,
                *(self._all(scores.clips[clip]) for clip in names),
                *(self._all(scores.groups[group]) for group in groups),
            ]
            for row, scores in measured
        ]
        return Grid([' / '.join((*DIGITS, *self.more)), *names, *groups], cells)

    def others(self, sources: 'Sources') -> list[str]:
        """A line for each published number that was measured otherwise, or in a way that is not known."""
        lines = []
        for row in self.rows:
            for one in row.published:
                if one.protocol != self.protocol:
                    how = 'protocol not known' if one.protocol is None else f'protocol {one.protocol.name}'
                    lines.append(f'{one.method}: {_pair(one.values)}, {how} {sources.reference(one)}')
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
                    **({'departures': list(row.departures)} if row.departures else {}),
                    'mean': None if row.scores is None else row.scores.mean,
                    'clips': None if row.scores is None else row.scores.clips,
                    'groups': None if row.scores is None else row.scores.groups,
                    'spread': dict(row.spread),
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

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> 'MethodTable':
        """The inverse of ``to_dict``; rows may lack the numbers of single clips."""
        protocol = Protocol(**content['protocol'])
        rows = [_row_from_dict(row, content['data'], protocol) for row in content['rows']]
        return cls(content['data'], protocol, rows, content['degradation'])

    def _published(self, row: MethodRow, sources: 'Sources') -> str:
        return '; '.join(f'{_pair(one.values)} {sources.reference(one)}' for one in self.comparable(row)) or NOTHING

    def _all(self, values: Mapping[str, float]) -> str:
        return ' / '.join([_pair(values), *(_number(values, name) for name in self.more)])


def _row_from_dict(row: Mapping[str, Any], data: str, protocol: Protocol) -> MethodRow:
    scores = None
    if row['mean'] is not None:
        fields = {name: row[name] for name in ('mean', 'clips', 'groups', 'frames')}
        scores = Scores(protocol=protocol, **fields)
    return MethodRow(
        row['config'],
        method=row['method'],
        parameters=row['parameters'],
        scores=scores,
        remark=row['remark'],
        cost=None if row['cost'] is None else Cost.from_dict(row['cost']),
        weights=row['weights'],
        published=tuple(
            Published(
                method=row['method'],
                data=data,
                protocol=None if one['protocol'] is None else Protocol(**one['protocol']),
                psnr=one['PSNR'],
                ssim=one.get('SSIM'),
                source=one['source'],
                looked_up=one['looked_up'],
            )
            for one in row['published']
        ),
        spread=row['spread'],
        departures=tuple(row.get('departures', ())),
    )


def with_departures(method: str, departures: Sequence[str]) -> str:
    """A name, and in brackets what departs from the paper it is the name of."""
    return f'{method} ({", ".join(departures)})' if departures else method


class Sources:
    """Sources of published numbers, which cells name by their place in the list."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def reference(self, one: Published) -> str:
        """``[2]``, with a dagger where the number was not looked up in the source."""
        if one.source not in self.texts:
            self.texts.append(one.source)
        return f'[{self.texts.index(one.source) + 1}]{"" if one.looked_up else "†"}'


def report(tables: Sequence[MethodTable], clips: bool = True) -> Report:
    """Tables as they are shown, with or without the tables of clips."""
    sources = Sources()
    sections = [table.section(sources, clips) for table in tables]
    return Report(sections, _notes(tables, sources))


def to_rich(tables: Sequence[MethodTable]) -> Group:
    """For ``rich.console.Console.print``."""
    return report(tables).to_rich()


def to_text(tables: Sequence[MethodTable], clips: bool = True) -> str:
    """As the terminal shows it, without colours."""
    return report(tables, clips).to_text()


def to_markdown(tables: Sequence[MethodTable]) -> str:
    """GitHub tables; for each test set the methods, then the clips, then what was published otherwise."""
    return report(tables).to_markdown()


def _notes(tables: Sequence[MethodTable], sources: Sources) -> list[str]:
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
    lines += [f'[{number}] {source}' for number, source in enumerate(sources.texts, start=1)]
    if any(not one.looked_up for table in tables for row in table.rows for one in row.published):
        lines.append('† quoted as generally known, not looked up in that source')
    return lines


def _measured(rows: Iterable[MethodRow]) -> list[tuple[MethodRow, Scores]]:
    return [(row, row.scores) for row in rows if row.scores is not None]


def _mean(row: MethodRow) -> Mapping[str, float]:
    return {} if row.scores is None else row.scores.mean


def _cost(row: MethodRow, text: Callable[[Cost], str | None]) -> str:
    return NOTHING if row.cost is None else text(row.cost) or NOTHING


def _pair(values: Mapping[str, float], sign: str = '') -> str:
    return ' / '.join(_number(values, metric, sign) for metric in DIGITS)


def _number(values: Mapping[str, float], name: str, sign: str = '') -> str:
    return f'{values[name]:{sign}.{DIGITS.get(name, MORE_DIGITS[name])}f}' if name in values else NOTHING


def _value(row: MethodRow, name: str) -> str:
    """Mean of a row, with its spread if there is one."""
    spread = f' ± {_number(row.spread, name)}' if name in row.spread else ''
    return _number(_mean(row), name) + spread


def _three(value: float) -> str:
    """A positive number with three digits that count, and no exponent."""
    if value <= 0:
        return '0'
    places = max(0, 2 - math.floor(math.log10(value)))
    return f'{value:,.{places}f}'
