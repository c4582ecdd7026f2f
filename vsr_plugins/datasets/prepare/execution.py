"""Carrying out a plan: every file appears whole or not at all, and no file that is there is written over."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import numpy as np

from ...media.decoding import RgbReader, decode, is_key_frame
from ...media.images import UnreadableError, encode_png, read_rgb
from .jobs import TEMPORARY, Progress, raise_faults, refuse_overlap, run_jobs
from .manifest import Manifest, digest
from .plan import Clip, Plan

_serial = itertools.count()


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Attributes:
        folder: The data set folder.
        clips: Clips that are complete now.
        frames: Frames of ground truth in them.
        made: Files of clips this run wrote.
        found: Those that were there from an earlier run.
    """

    folder: Path
    clips: int
    frames: int
    made: int
    found: int


def execute(
    plan: Plan,
    src: str | Path | Sequence[str | Path],
    data_root: str | Path,
    workers: int | None = None,
    link: bool = False,
    on_progress: Progress | None = None,
) -> Summary:
    """Make what a plan says under ``data_root``.

    It can be stopped at any time and run again: what an earlier run completed is recognised by the record it left, and
    what it did not is made.

    Args:
        plan (Plan): What to make.
        src (str | Path | Sequence): Where the sources are; none may overlap with the folder that is made.
        data_root (str | Path): The data set becomes ``data_root / plan.folder``.
        workers (int | None): Threads (decoding, resizing and encoding run beside each other); default one a CPU.
        link (bool): Hard-link sources that are kept as they are, where the file system allows, instead of copying.
        on_progress (Callable | None): Called with the numbers of steps done and of all steps.

    Returns:
        Summary: What was done.

    Raises:
        ValueError: If the source has faults, if something that this package did not make is in the way, or if frames
            turn out to be damaged. The message has a line for each fault. Except in the last case nothing was written.
    """
    if workers is not None and workers < 1:
        raise ValueError(f'workers must be at least 1, but got {workers}')
    folder = Path(data_root) / plan.folder
    sources = [src] if isinstance(src, str | Path) else src
    for source in sources:
        refuse_overlap(Path(source), folder)
    named = ', '.join(map(str, sources))
    raise_faults(f'{named} cannot be prepared as {plan.folder}', plan.faults)
    if not plan.clips:
        raise ValueError(f'{named} holds no clip that can be prepared as {plan.folder}')
    manifest = Manifest(folder)
    jobs = [_ClipJob(clip, plan, folder, manifest, link) for clip in plan.clips]
    obstacles = [fault for job in jobs for fault in job.obstacles()]
    # A video's frames are not counted yet, so a text of ours may differ; one of somebody else's may not.
    expected = plan.annotate([(clip, len(clip.sources)) for clip in plan.clips])
    obstacles += manifest.text_obstacles(expected)
    raise_faults(f'{folder} is left as it is', obstacles)

    faults = run_jobs([job for job in jobs if not job.is_complete], workers or os.cpu_count() or 1, on_progress)
    shutil.rmtree(folder / TEMPORARY, ignore_errors=True)
    raise_faults(f'{folder} is incomplete (what is there is whole; mend the source and run again)', faults)

    texts = plan.annotate([(replace(job.clip, key_frames=job.key_frames), job.frames) for job in jobs])
    manifest.write_texts(texts)
    made = sum(job.made for job in jobs)
    files = sum(job.frames * (1 + len(job.clip.low)) for job in jobs)
    return Summary(folder, len(jobs), sum(job.frames for job in jobs), made, files - made)


class _ClipJob:
    """The files of one clip: which are to be made, and making them."""

    def __init__(self, clip: Clip, plan: Plan, folder: Path, manifest: Manifest, link: bool) -> None:
        self.clip = clip
        self.made = 0
        self._plan = plan
        self._folder = folder
        self._manifest = manifest
        self._link = link
        self._sizes: dict[int, dict[str, int]] = {}
        self._key_frames: list[int] = []
        source = digest('\n'.join(f'{path.name} {path.stat().st_size}' for path in clip.sources).encode())[:16]
        self._recipes = {plan.gt: f'{source} {clip.suffix}'}
        self._recipes |= {name: f'{source} {plan.low[name].label}' for name in clip.low}

    @property
    def frames(self) -> int:
        """Frames of the finished clip."""
        return len(self._manifest.units[self._plan.gt, self.clip.name].sizes)

    @property
    def key_frames(self) -> tuple[int, ...] | None:
        """Indices of the I-frames of the finished clip, if it was a video."""
        return self._manifest.units[self._plan.gt, self.clip.name].key_frames

    @property
    def is_complete(self) -> bool:
        """Whether all files are there as an earlier run left them."""
        units = self._manifest.units
        return all(
            self._present(name, strict=True) and units[name, self.clip.name].recipe == recipe
            for name, recipe in self._recipes.items()
        )

    @property
    def steps(self) -> int:
        """What ``step`` is to be called with, from 0."""
        return len(self.clip.sources)

    def obstacles(self) -> Iterator[str]:
        """What is in the way and was not made by us, or was changed since."""
        for name, recipe in self._recipes.items():
            target = self._folder / name / self.clip.name
            unit = self._manifest.units.get((name, self.clip.name))
            empty = not target.exists() or (target.is_dir() and not any(target.iterdir()))
            if empty:
                continue
            if unit is None:
                yield f'{target} is already there and was not made by vsr prepare; move it away'
            elif unit.recipe != recipe:
                yield f'{target} was made from other files or with other options; delete it to have it made anew'
            elif not self._present(name, strict=False):
                yield from self._changed(name)

    def _present(self, name: str, strict: bool) -> bool:
        """Whether the files of a complete folder have their sizes; ``strict`` does not forgive missing ones."""
        unit = self._manifest.units.get((name, self.clip.name))
        if unit is None or unit.sizes is None:
            return not strict
        try:
            entries = {entry.name: entry.stat().st_size for entry in os.scandir(self._folder / name / self.clip.name)}
        except FileNotFoundError:
            return not strict
        expected = ((self._file_name(name, i), size) for i, size in enumerate(unit.sizes))
        return all(entries.get(file, None if strict else size) == size for file, size in expected)

    def _changed(self, name: str) -> Iterator[str]:
        for i, size in enumerate(self._manifest.units[name, self.clip.name].sizes):
            path = self._folder / name / self.clip.name / self._file_name(name, i)
            if path.exists() and path.stat().st_size != size:
                yield f'{path} has {path.stat().st_size} bytes, but was written with {size}; delete or move it'

    def begin(self) -> None:
        """Record that the folders of the clip are ours, and make them."""
        self._manifest.begin(self.clip.name, self._recipes)
        for name in self._recipes:
            (self._folder / name / self.clip.name).mkdir(parents=True, exist_ok=True)
        (self._folder / TEMPORARY).mkdir(exist_ok=True)

    def step(self, index: int, stop: Event) -> tuple[int, dict[int, dict[str, int]]]:
        """Make what is missing of one frame, or of a whole video, unless told to stop.

        Returns:
            tuple: How many files were written, and for each frame the bytes of its files by folder.
        """
        if not self.clip.is_video:
            source = self.clip.sources[index]
            made, sizes = self._make_frame(index, lambda: read_rgb(source), source if self.clip.kept[index] else None)
            return made, {index: sizes}
        made, frames, rgb_of = 0, {}, RgbReader()
        for i, frame in enumerate(decode(self.clip.sources[0])):
            if stop.is_set():
                raise InterruptedError(f'stopped at frame {i} of {self.clip.sources[0]}')
            written, frames[i] = self._make_frame(i, lambda frame=frame: rgb_of(frame), None)
            made += written
            if is_key_frame(frame):
                self._key_frames.append(i)
        return made, frames

    def take(self, result: tuple[int, dict[int, dict[str, int]]]) -> None:
        """Add the result of a step."""
        self.made += result[0]
        self._sizes |= result[1]

    def complete(self) -> None:
        """Record that the clip is complete."""
        frames = [self._sizes[i] for i in range(len(self._sizes))]
        sizes = {name: [frame[name] for frame in frames] for name in self._recipes}
        key_frames = self._key_frames if self.clip.is_video else None
        self._manifest.complete(self.clip.name, self._recipes, sizes, key_frames)

    def _make_frame(self, i: int, read: Callable[[], np.ndarray], kept: Path | None) -> tuple[int, dict[str, int]]:
        paths = {name: self._folder / name / self.clip.name / self._file_name(name, i) for name in self._recipes}
        missing = {name: path for name, path in paths.items() if not path.exists()}
        if missing:
            # Read even if the file itself is kept: only decoding tells that it is sound.
            h, w = self.clip.size
            image = read()[:h, :w]
            if image.shape[:2] != (h, w):
                raise UnreadableError(f'{self.clip.sources[-1]}: frame {i} is {image.shape[:2]}, not at least {h}x{w}')
        for name, path in missing.items():
            if name != self._plan.gt:
                self._write(path, encode_png(self._plan.low[name].function(image)))
            elif kept is None:
                self._write(path, encode_png(image))
            else:
                self._keep(path, kept)
        return len(missing), {name: path.stat().st_size for name, path in paths.items()}

    def _file_name(self, name: str, i: int) -> str:
        return self._plan.stem(i) + (self.clip.suffix if name == self._plan.gt else '.png')

    def _write(self, path: Path, data: bytes) -> None:
        temporary = self._temporary()
        temporary.write_bytes(data)
        os.replace(temporary, path)

    def _keep(self, path: Path, source: Path) -> None:
        if self._link:
            try:
                os.link(source.resolve(), path)
                return
            except OSError:  # another file system, or one without links
                pass
        temporary = self._temporary()
        shutil.copyfile(source, temporary)
        os.replace(temporary, path)

    def _temporary(self) -> Path:
        return self._folder / TEMPORARY / f'{os.getpid()}-{next(_serial)}'
