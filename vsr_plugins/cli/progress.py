"""Progress of counted steps, and of the frames of a video."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path


@contextmanager
def counted_progress(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal; yields a function of the steps done and the steps in total."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(description, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


class FrameProgress:
    """Shows progress, speed and remaining time of an upscale: a bar on a terminal, else a line now and then."""

    LINE_SECONDS = 20.0

    def __enter__(self) -> 'FrameProgress':
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            ProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.text import Text

        class Speed(ProgressColumn):
            def render(self, task: 'Task') -> Text:  # noqa: F821
                return Text(f'{task.speed:.2f} fps' if task.speed else '')

        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            MofNCompleteColumn(),
            Speed(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
            speed_estimate_period=120,
        )
        self._task = None
        self._lines = None if console.is_terminal else console
        self._progress.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.__exit__(*error)

    def begin(self, source: Path) -> None:
        """Begin a source."""
        self._task = self._progress.add_task(source.name, total=None)
        # Speed counts from the first frames, not from the start, which loads the network.
        self._name, self._first = source.name, None
        self._next_line = time.monotonic() + self.LINE_SECONDS

    def show(self, done: int, total: int | None) -> None:
        """Show the finished frames of the source and their total, None if unknown."""
        total = None if total is None else max(done, total)
        self._progress.update(self._task, completed=done, total=total)
        now = time.monotonic()
        if self._first is None:
            self._first = done, now
        if self._lines is not None and now >= self._next_line:
            self._next_line = now + self.LINE_SECONDS
            done_before, began = self._first
            line = f'{self._name}: {done} frames' if total is None else f'{self._name}: {done} of {total} frames'
            if done > done_before and now > began:
                speed = (done - done_before) / (now - began)
                line += f', {speed:.2f} a second'
                if total is not None:
                    line += f', {timedelta(seconds=round((total - done) / speed))} left'
            print(line, file=sys.stderr, flush=True)
