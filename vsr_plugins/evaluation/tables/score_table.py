"""Scores as a table: on the terminal, in Markdown, in JSON."""

import json
import math
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from ..measures import DIGITS, notes
from ..protocols import Protocol
from ..scores import Scores

NOTHING = '–'


class ScoreTable:
    """One or several methods on one data set under one protocol: a row a clip, then the mean.

    Args:
        title: Name of the data set.
        methods: Method -> its scores.

    Raises:
        ValueError: If there is no method, or they were measured under different protocols or on different clips.
    """

    def __init__(self, title: str, methods: Mapping[str, Scores]) -> None:
        if not methods:
            raise ValueError('a table needs at least one method')
        (first, reference), *others = methods.items()
        for name, scores in others:
            if scores.protocol != reference.protocol:
                raise ValueError(
                    f'{first} and {name} were measured differently and cannot share a table: '
                    f'"{reference.protocol}" and "{scores.protocol}"'
                )
            if scores.frames != reference.frames:
                raise ValueError(
                    f'{first} and {name} were measured on different frames: {reference.frames}, {scores.frames}'
                )
        self.title = title
        self.methods = dict(methods)

    @property
    def protocol(self) -> Protocol:
        """The protocol of every number in the table."""
        return next(iter(self.methods.values())).protocol

    @property
    def frames(self) -> dict[str, int]:
        """Clip -> how many of its frames were measured."""
        return next(iter(self.methods.values())).frames

    @property
    def metrics(self) -> list[str]:
        """The columns of each method."""
        return list(next(iter(self.methods.values())).mean)

    def rows(self) -> list[tuple[str, str, list[float | None]]]:
        """Clip, number of frames, values by method and metric; the mean is the last row.

        A value is None where there is none: a single frame has no pair, and a group of frames none of its own.
        """
        reference = next(iter(self.methods.values()))
        rows = [
            (clip, str(count), self._values([scores.clips[clip] for scores in self.methods.values()]))
            for clip, count in reference.frames.items()
        ]
        for label in (*reference.groups, 'mean'):
            of_methods = [scores.groups[label] if label != 'mean' else scores.mean for scores in self.methods.values()]
            total = str(sum(reference.frames.values())) if label == 'mean' else ''
            rows.append((label, total, self._values(of_methods)))
        return rows

    def headings(self) -> list[str]:
        """Headings of the columns of values."""
        single = len(self.methods) == 1
        return [metric if single else f'{name} {metric}' for name in self.methods for metric in self.metrics]

    def to_rich(self, most_clips: int | None = None) -> Group:
        """For ``rich.console.Console.print``; of more than ``most_clips`` clips the mean alone."""
        table = Table()
        table.add_column('clip')
        table.add_column('frames', justify='right')
        for heading in self.headings():
            table.add_column(heading, justify='right')
        rows = self.rows()
        clips = len(self.frames)
        if most_clips is not None and clips > most_clips:
            rows = rows[clips:]
        for number, (clip, frames, values) in enumerate(rows):
            table.add_row(clip, frames, *self._texts(values), end_section=number == len(rows) - 2)
        return Group(Text(f'{self.title}; {self.protocol}'), table, *map(Text, notes(self.metrics)))

    def to_text(self, most_clips: int | None = None) -> str:
        """As the terminal shows it, without colours."""
        buffer = StringIO()
        Console(file=buffer, width=200, color_system=None).print(self.to_rich(most_clips))
        return buffer.getvalue()

    def to_markdown(self) -> str:
        """A GitHub table with the protocol below it."""
        headings = ['clip', 'frames', *self.headings()]
        lines = [headings, ['---', '---:', *['---:'] * len(self.headings())]]
        lines += [[clip, frames, *self._texts(values)] for clip, frames, values in self.rows()]
        below = [f'\n\n{self.title}; {self.protocol}\n', *(f'\n- {note}' for note in notes(self.metrics))]
        return '\n'.join('| ' + ' | '.join(line) + ' |' for line in lines) + ''.join(below).rstrip() + '\n'

    def to_json(self) -> str:
        """All values unrounded. An infinite PSNR becomes the string ``"inf"``, which JSON has no number for."""
        methods = {
            name: {'mean': scores.mean, 'clips': scores.clips, **({'groups': scores.groups} if scores.groups else {})}
            for name, scores in self.methods.items()
        }
        content = {'title': self.title, 'protocol': vars(self.protocol), 'frames': self.frames, 'methods': methods}
        return to_json(content)

    def _values(self, of_methods: Sequence[Mapping[str, float]]) -> list[float | None]:
        return [values.get(metric) for values in of_methods for metric in self.metrics]

    def _texts(self, values: list[float | None]) -> list[str]:
        digits = [DIGITS[metric] for _ in self.methods for metric in self.metrics]
        return [NOTHING if v is None else f'{v:.{places}f}' for v, places in zip(values, digits, strict=True)]


def to_json(content: Any) -> str:
    """JSON, in which what is infinite or not a number is a string, ``"inf"``: JSON has no such numbers."""
    return json.dumps(_finite(content), indent=2, allow_nan=False) + '\n'


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return str(content) if isinstance(content, float) and not math.isfinite(content) else content
