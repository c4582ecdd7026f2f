"""Run the jobs that make a data set in parallel."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from ...media.images.image_files import UnreadableError

TEMPORARY = '.vsr_prepare_tmp'
"""Sub-folder of the target for incomplete files."""
MAX_SHOWN_FAULTS = 20
Progress = Callable[[int, int], None]


class Job(Protocol):
    """A part of a data set, made in steps that may run in parallel.

    Attributes:
        steps: Number of calls of ``step``, with an index from 0.
    """

    steps: int

    def begin(self) -> None:
        """Prepare; called before the first step."""

    def step(self, index: int, stop: Event) -> Any:
        """Make a part, unless ``stop`` is set; called in any thread."""

    def take(self, result: Any) -> None:
        """Process the result of a step."""

    def complete(self) -> None:
        """Finish; called when every step has succeeded."""


def run_jobs(jobs: Sequence[Job], workers: int, on_progress: Progress | None) -> list[str]:
    """Run the steps of all jobs, a bounded number at a time.

    Args:
        jobs: Jobs to run.
        workers: Number of threads.
        on_progress: Called with the numbers of steps done and of all steps.

    Returns:
        list[str]: One line per damaged source; its job is not complete.
    """
    total, done = sum(job.steps for job in jobs), 0
    remaining = [job.steps for job in jobs]
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
                        remaining[number] -= 1
                    except UnreadableError as error:
                        faults.append(str(error))
                    if remaining[number] == 0:
                        job.complete()
                    done += 1
                    if on_progress is not None:
                        on_progress(done, total)
        except BaseException:
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def refuse_overlap(src: Path, folder: Path) -> None:
    """Raise ``ValueError`` if the source contains the target folder, or vice versa."""
    source, target = src.resolve(), folder.resolve()
    if source.is_relative_to(target) or target.is_relative_to(source):
        raise ValueError(
            f'the source {src} and the target folder {folder} must not contain each other; use another DST'
        )


def raise_faults(heading: str, faults: list[str]) -> None:
    """Raise ``ValueError`` with one line per fault, if there are any."""
    if faults:
        more = len(faults) - MAX_SHOWN_FAULTS
        lines = faults[:MAX_SHOWN_FAULTS] + ([f'... and {more} more'] if more > 0 else [])
        raise ValueError('\n  '.join([f'{heading}:', *lines]))
