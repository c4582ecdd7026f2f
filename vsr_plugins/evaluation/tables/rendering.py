"""Tables as text: on the terminal, in Markdown and, for their values, in JSON."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

NOTHING = '–'
Row = TypeVar('Row')


@dataclass(frozen=True)
class Column(Generic[Row]):
    """A column of a table.

    Attributes:
        heading: Its heading.
        cell: The text of a row in it.
        is_text: It is aligned to the left; numbers are to the right.
    """

    heading: str
    cell: Callable[[Row], str]
    is_text: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of texts.

    Attributes:
        headings: Of the columns.
        rows: As long as ``headings``, each.
        left: How many columns, from the left, are aligned to the left.
        total: The last row is a total, which a line separates.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    left: int = 1
    total: bool = False

    @classmethod
    def of(cls, columns: Sequence[Column[Row]], rows: Sequence[Row], total: bool = False) -> 'Grid':
        """Lay out rows by columns; those of text come first."""
        cells = [[column.cell(row) for column in columns] for row in rows]
        return cls([column.heading for column in columns], cells, sum(column.is_text for column in columns), total)

    def to_rich(self) -> Table:
        """For ``rich``."""
        table = Table()
        for number, heading in enumerate(self.headings):
            table.add_column(heading, justify='left' if number < self.left else 'right')
        for number, row in enumerate(self.rows):
            table.add_row(*row, end_section=self.total and number == len(self.rows) - 2)
        return table

    def to_markdown(self) -> str:
        """A GitHub table, with a newline at its end."""
        alignment = ['---' if number < self.left else '---:' for number in range(len(self.headings))]
        return ''.join('| ' + ' | '.join(line) + ' |\n' for line in (self.headings, alignment, *self.rows))


@dataclass(frozen=True)
class Section:
    """Grids under one caption.

    Attributes:
        caption: What all numbers have in common.
        grids: The tables.
        heading: Heading in Markdown; '' for none.
        elsewhere: Published lines that belong to no grid.
    """

    caption: str
    grids: Sequence[Grid]
    heading: str = ''
    elsewhere: Sequence[str] = ()


@dataclass(frozen=True)
class Report:
    """Sections, and notes below all of them."""

    sections: Sequence[Section]
    notes: Sequence[str] = ()

    def to_rich(self) -> Group:
        """For ``rich.console.Console.print``."""
        parts: list[Text | Table] = []
        for section in self.sections:
            parts += [Text(section.caption), *(grid.to_rich() for grid in section.grids)]
            parts += [Text(f'elsewhere: {line}') for line in section.elsewhere]
        return Group(*parts, *map(Text, self.notes))

    def to_text(self, width: int = 220) -> str:
        """As the terminal shows it, without colours."""
        console = Console(width=width, color_system=None)
        with console.capture() as capture:
            console.print(self.to_rich())
        return capture.get()

    def to_markdown(self) -> str:
        """GitHub tables, the caption above those of a section."""
        parts = []
        for section in self.sections:
            heading = f'### {section.heading}\n\n' if section.heading else ''
            parts += [f'{heading}{section.caption}\n', *(grid.to_markdown() for grid in section.grids)]
            if section.elsewhere:
                parts.append('Published under other conditions, not to be compared with the columns above:\n')
                parts.append(_listed(section.elsewhere))
        return '\n'.join([*parts, _listed(self.notes)] if self.notes else parts)


def to_json(content: Any) -> str:
    """JSON, in which what is infinite or not a number is a string, ``"inf"``: JSON has no such numbers."""
    return json.dumps(_finite(content), indent=2, allow_nan=False) + '\n'


def _listed(lines: Sequence[str]) -> str:
    return ''.join(f'- {line}\n' for line in lines)


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return str(content) if isinstance(content, float) and not math.isfinite(content) else content
