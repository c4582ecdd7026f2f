"""Execute a plan: every file is written atomically, and no existing file is overwritten."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import numpy as np

from ...media.images.image_files import UnreadableError, encode_png, read_rgb
from ...media.reading.decoding import RgbReader, decode, is_key_frame
from .jobs import TEMPORARY, Progress, raise_faults, refuse_overlap, run_jobs
from .manifest import Manifest, digest
from .plan import Clip, Plan
from .source_state import is_changed, state_of

_serial = itertools.count()


@dataclass(frozen=True)
class Summary:
    """Result of a run.

    Attributes:
        folder: Folder of the data set.
        clips: Number of complete clips.
        frames: Number of their ground-truth frames.
        made: Number of files of clips written by this run.
        found: Number of files of clips that existed before.
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
    """Execute a plan under ``data_root``.

    It can be stopped at any time and run again: files completed by an earlier run are recognised by its manifest, and
    the others are made.

    Args:
        plan (Plan): Plan to execute.
        src (str | Path | Sequence): Folders of the sources; none may overlap with the folder to be made.
        data_root (str | Path): The data set becomes ``data_root / plan.folder``.
        workers (int | None): Threads (decoding, resizing and encoding run in parallel); default one per CPU.
        link (bool): Hard-link sources that are copied unchanged, if the file system supports it.
        on_progress (Callable | None): Called with the numbers of steps done and of all steps.

    Returns:
        Summary: Result of the run.

    Raises:
        ValueError: If the source has faults, if a target exists that this package did not make, or if frames turn out
            to be damaged. The message has a line for each fault. Except in the last case nothing was written.
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
        raise ValueError(f'{named} contains no clip that can be prepared as {plan.folder}')
    manifest = Manifest(folder)
    jobs = [_ClipJob(clip, plan, folder, manifest, link) for clip in plan.clips]
    obstacles = [fault for job in jobs for fault in job.obstacles()]
    # The frames of a video are not counted yet, so an annotation file of ours may differ; a foreign one may not.
    expected = plan.annotate([(clip, len(clip.sources)) for clip in plan.clips])
    obstacles += manifest.text_obstacles(expected)
    obstacles += manifest.dropped(expected)
    raise_faults(f'{folder} was not changed', obstacles)

    faults = run_jobs([job for job in jobs if not job.is_complete], workers or os.cpu_count() or 1, on_progress)
    shutil.rmtree(folder / TEMPORARY, ignore_errors=True)
    raise_faults(f'{folder} is incomplete (existing files are valid; repair the source and run again)', faults)

    texts = plan.annotate([(replace(job.clip, key_frames=job.key_frames), job.frames) for job in jobs])
    manifest.write_texts(texts)
    made = sum(job.made for job in jobs)
    files = sum(job.frames * (1 + len(job.clip.low)) for job in jobs)
    return Summary(folder, len(jobs), sum(job.frames for job in jobs), made, files - made)


class _ClipJob:
    """Make the files of one clip."""

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
        """Number of frames of the finished clip."""
        return len(self._manifest.units[self._plan.gt, self.clip.name].sizes)

    @property
    def key_frames(self) -> tuple[int, ...] | None:
        """Indices of the I-frames of the finished clip, if it was a video."""
        return self._manifest.units[self._plan.gt, self.clip.name].key_frames

    @property
    def is_complete(self) -> bool:
        """Whether all files exist unchanged from an earlier run."""
        units = self._manifest.units
        return all(
            self._present(name, strict=True) and units[name, self.clip.name].recipe == recipe
            for name, recipe in self._recipes.items()
        )

    @property
    def steps(self) -> int:
        """Number of calls of ``step``, with an index from 0."""
        return len(self.clip.sources)

    def obstacles(self) -> Iterator[str]:
        """Yield a message for each target that was not made by this package, or was changed since, as its source."""
        has_changed = is_changed(self.clip.sources, self._manifest.sources(self.clip.name))
        for name, recipe in self._recipes.items():
            target = self._folder / name / self.clip.name
            unit = self._manifest.units.get((name, self.clip.name))
            empty = not target.exists() or (target.is_dir() and not any(target.iterdir()))
            if empty:
                continue
            if unit is None:
                yield f'{target} already exists and was not made by vsr prepare; move it away'
            elif unit.recipe != recipe or (self._is_outdated(name) if unit.sizes is None else has_changed):
                yield f'{target} was made from other files or with other options; delete it to make it again'
            elif not self._present(name, strict=False):
                yield from self._changed(name)

    def _is_outdated(self, name: str) -> bool:
        """Whether a file of an incomplete folder is older than its source; a source that was repaired has none yet."""
        folder = self._folder / name / self.clip.name
        first = self.clip.sources[0].stat().st_mtime_ns
        if self.clip.is_video:
            return any(path.stat().st_mtime_ns < first for path in folder.iterdir())
        made = ((source, folder / self._file_name(name, i)) for i, source in enumerate(self.clip.sources))
        return any(path.exists() and path.stat().st_mtime_ns < source.stat().st_mtime_ns for source, path in made)

    def _present(self, name: str, strict: bool) -> bool:
        """Whether the files of a complete folder have the recorded sizes; with ``strict`` none may be missing."""
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
        """Record that this package makes the folders of the clip, and create them."""
        self._manifest.begin(self.clip.name, self._recipes, state_of(self.clip.sources))
        for name in self._recipes:
            (self._folder / name / self.clip.name).mkdir(parents=True, exist_ok=True)
        (self._folder / TEMPORARY).mkdir(exist_ok=True)

    def step(self, index: int, stop: Event) -> tuple[int, dict[int, dict[str, int]]]:
        """Make the missing files of one frame, or of a complete video, until ``stop`` is set.

        Returns:
            tuple: Number of files written, and for each frame the bytes of its files by folder.
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
            # Decode even if the file is copied unchanged: only decoding shows that it is valid.
            h, w = self.clip.size
            image = read()[:h, :w]
            if image.shape[:2] != (h, w):
                raise UnreadableError(
                    f'{self.clip.sources[-1]}: frame {i} is {image.shape[:2]}, but must be at least {h}x{w}'
                )
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
            except OSError:  # different file systems, or no links supported
                pass
        temporary = self._temporary()
        shutil.copyfile(source, temporary)
        os.replace(temporary, path)

    def _temporary(self) -> Path:
        return self._folder / TEMPORARY / f'{os.getpid()}-{next(_serial)}'
