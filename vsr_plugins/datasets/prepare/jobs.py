"""Running the jobs of which a data set is made, beside each other."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from ...media.images import UnreadableError

TEMPORARY = '.vsr_prepare_tmp'
"""The folder, in the one that is made, of files that are not whole yet."""
SHOWN_FAULTS = 20
Progress = Callable[[int, int], None]


class Job(Protocol):
    """A part of a data set, made in steps that may run beside each other.

    Attributes:
        steps: What ``step`` is to be called with, from 0.
    """

    steps: int

    def begin(self) -> None:
        """Called before the first step."""

    def step(self, index: int, stop: Event) -> Any:
        """Make a part, unless told to stop; called in any thread."""

    def take(self, result: Any) -> None:
        """Take what a step returned."""

    def complete(self) -> None:
        """Called when every step has succeeded."""


def run_jobs(jobs: Sequence[Job], workers: int, on_progress: Progress | None) -> list[str]:
    """Run the steps of all jobs, a bounded number at a time.

    Args:
        jobs: What is to be made.
        workers: Threads.
        on_progress: Called with the numbers of steps done and of all steps.

    Returns:
        list[str]: What was found damaged, a line each; the jobs concerned are not complete.
    """
    total, done = sum(job.steps for job in jobs), 0
    left = [job.steps for job in jobs]
    faults: list[str] = []
    steps = ((number, index) for number, job in enumerate(jobs) for index in range(job.steps))
    pending: dict[Future, int] = {}
    stop = Event()
    if on_progress is not None:
        on_progress(0, total)
    with ThreadPoolExecutor(workers) as pool:
        try:
            while True:
                for number, index in itertools.islice(steps, 4 * workers - len(pending)):
                    if index == 0:
                        jobs[number].begin()
                    pending[pool.submit(jobs[number].step, index, stop)] = number
                if not pending:
                    return faults
                for future in wait(pending, return_when=FIRST_COMPLETED).done:
                    job = jobs[number := pending.pop(future)]
                    try:
                        job.take(future.result())
                        left[number] -= 1
                    except UnreadableError as error:
                        faults.append(str(error))
                    if left[number] == 0:
                        job.complete()
                    done += 1
                    if on_progress is not None:
                        on_progress(done, total)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def refuse_overlap(src: Path, folder: Path) -> None:
    """Raise ``ValueError`` if one of a source and the folder to be made contains the other."""
    source, target = src.resolve(), folder.resolve()
    if source.is_relative_to(target) or target.is_relative_to(source):
        raise ValueError(
            f'the source {src} and the folder to be made, {folder}, must not contain each other; choose another DST'
        )


def raise_faults(heading: str, faults: list[str]) -> None:
    """Raise ``ValueError`` with a line for each fault, if there is one."""
    if faults:
        more = len(faults) - SHOWN_FAULTS
        lines = faults[:SHOWN_FAULTS] + ([f'... and {more} more'] if more > 0 else [])
        raise ValueError('\n  '.join([f'{heading}:', *lines]))
