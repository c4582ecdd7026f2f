"""Scores clip by clip."""

from collections.abc import Mapping, Sequence

from rich.console import Group

from ..measures import DIGITS, notes
from ..protocols import Protocol
from ..scores import Scores
from .rendering import NOTHING, Grid, Report, Section, to_json


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

    def report(self, max_clips: int | None = None) -> Report:
        """The table as it is shown; of more than ``max_clips`` clips the mean alone."""
        single = len(self.methods) == 1
        columns = [(name, metric) for name in self.methods for metric in self.metrics]
        headings = ['clip', 'frames', *(metric if single else f'{name} {metric}' for name, metric in columns)]
        digits = [DIGITS[metric] for _, metric in columns]
        rows = self.rows()
        if max_clips is not None and len(self.frames) > max_clips:
            rows = rows[len(self.frames) :]
        cells = [
            [clip, frames, *(NOTHING if v is None else f'{v:.{n}f}' for v, n in zip(values, digits, strict=True))]
            for clip, frames, values in rows
        ]
        grid = Grid(headings, cells, total=True)
        return Report([Section(f'{self.title}; {self.protocol}', [grid])], notes(self.metrics))

    def to_rich(self) -> Group:
        """For ``rich.console.Console.print``."""
        return self.report().to_rich()

    def to_text(self, max_clips: int | None = None) -> str:
        """As the terminal shows it, without colours."""
        return self.report(max_clips).to_text()

    def to_markdown(self) -> str:
        """A GitHub table with the protocol above it."""
        return self.report().to_markdown()

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
