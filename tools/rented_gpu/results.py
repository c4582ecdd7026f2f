"""What was found, on disk at any moment: ``results.json`` for programs, ``results.md`` for people."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

# What an output folder may hold, so that whatever brings it back can: files, bytes of each, characters of a name.
MAX_FILES, MAX_BYTES = 8, 16 * 2**20
NAME = re.compile(r'[A-Za-z0-9._-]+')
JSON_FILE, TABLE_FILE = 'results.json', 'results.md'
# States of a row that need not be tried again.
DONE = ('ok', 'differs', 'failed', 'crashed')


@dataclass
class Row:
    """One thing that was tried.

    Attributes:
        phase: Of the plan.
        name: What was tried; unique in its phase.
        state: ``'running'``, ``'ok'``, ``'differs'`` (it ran, but its numbers are out of tolerance), ``'failed'`` (an
            error), ``'crashed'`` (the process ended with it), ``'stopped'`` (its time was over) or ``'skipped'``.
        values: What was measured, by name.
        note: What went wrong, or what else there is to say.
    """

    phase: str
    name: str
    state: str = 'running'
    values: dict[str, Any] = field(default_factory=dict)
    note: str = ''


class Results:
    """All rows, and what the machine is; every change is written at once.

    Args:
        out: The output folder. Rows that its ``results.json`` holds already are kept.
        kept: A second folder for ``results.json``, that outlives the output folder; rows are taken from there if the
            output folder has none.
    """

    def __init__(self, out: Path, kept: Path | None = None) -> None:
        self.out, self.kept = out, kept
        self.machine: dict[str, Any] = {}
        self.rows: list[Row] = []
        for folder in filter(None, (out, kept)):
            file = folder / JSON_FILE
            if file.is_file():
                content = json.loads(file.read_text(encoding='utf-8'))
                self.machine, self.rows = content['machine'], [Row(**row) for row in content['rows']]
                break

    def find(self, phase: str, name: str) -> Row | None:
        """The row of this name, if there is one."""
        return next((row for row in self.rows if (row.phase, row.name) == (phase, name)), None)

    def put(self, phase: str, name: str, state: str, values: Mapping[str, Any] | None = None, note: object = '') -> Row:
        """Write a row, in the place of one of the same name."""
        row = self.find(phase, name)
        if row is None:
            row = Row(phase, name)
            self.rows.append(row)
        row.state, row.values, row.note = state, dict(values or {}), str(note)
        self.write()
        return row

    def describe(self, **machine: Any) -> None:
        """Note what the machine is."""
        self.machine.update(machine)
        self.write()

    def end_running(self, phase: str, state: str, note: str) -> list[Row]:
        """Give the rows of a phase that are still running, since their process is gone, a state."""
        ended = [row for row in self.rows if row.phase == phase and row.state == 'running']
        for row in ended:
            row.state, row.note = state, note
        self.write()
        return ended

    def write(self) -> None:
        """Write both files."""
        content = json.dumps({'machine': self.machine, 'rows': [asdict(row) for row in self.rows]}, indent=1)
        for folder in filter(None, (self.out, self.kept)):
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / JSON_FILE, content + '\n')
        write_atomically(self.out / TABLE_FILE, self.markdown())

    def markdown(self) -> str:
        """A list of the machine's properties, and a table a phase."""
        lines = ['# Rented GPU', '', *(f'- {key}: {value}' for key, value in self.machine.items())]
        for phase in dict.fromkeys(row.phase for row in self.rows):
            rows = [row for row in self.rows if row.phase == phase]
            keys = list(dict.fromkeys(key for row in rows for key in row.values))
            lines += ['', f'## {phase}', '', _line(['what', 'state', *keys, 'note'])]
            lines.append(_line(['---', '---', *['---:' for _ in keys], '---']))
            lines += [
                _line([row.name, row.state, *(_said(row.values.get(key)) for key in keys), row.note]) for row in rows
            ]
        return '\n'.join(lines) + '\n'


def faults_of_output(out: Path) -> list[str]:
    """What would keep the output folder from being brought back, see ``MAX_FILES``."""
    files = sorted(path for path in out.rglob('*') if not path.is_dir())
    faults = [] if len(files) <= MAX_FILES else [f'{len(files)} files, more than {MAX_FILES}']
    for file in files:
        if file.stat().st_size > MAX_BYTES:
            faults.append(f'{file.name} has {file.stat().st_size / 2**20:.1f} MiB, more than {MAX_BYTES // 2**20}')
        if not NAME.fullmatch(file.name):
            faults.append(f'{file.name!r} has characters other than letters, digits, ., _ and -')
        if file.is_symlink() or file.parent != out:
            faults.append(f'{file.relative_to(out)} is a link, or lies in a folder')
    return faults


def write_atomically(file: Path, text: str) -> None:
    """Write a file that is whole whenever it is read."""
    partial = file.with_name(f'.{file.name}.partial')
    partial.write_text(text, encoding='utf-8')
    os.replace(partial, file)


def _line(cells: list[str]) -> str:
    return '| ' + ' | '.join(cell.replace('|', '\\|').replace('\n', ' ') for cell in cells) + ' |'


def _said(value: object) -> str:
    if value is None:
        return ''
    if isinstance(value, float):
        return f'{value:.3g}' if abs(value) < 1000 else f'{value:.0f}'
    return str(value)
