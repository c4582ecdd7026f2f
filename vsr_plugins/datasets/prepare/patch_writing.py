"""Write the shards of a bank of patches.

A bank is a folder of shards and ``bank.json``. A shard is one or two files in numpy's format, ``<name>.gt.npy`` and,
with the degradation stated in ``bank.json``, ``<name>.img.npy``, of shape (records, frames, 3, h, w), uint8 RGB. A
record is a part of the frame, ``patch_size`` pixels wide and high, in ``frames`` consecutive frames of one scene. Low
resolution is computed on complete frames, so the border of a record includes the influence of pixels outside it.
Reading the same records from LMDB is not faster (``benchmarks/training.py``).
"""

import itertools
import json
import math
import os
import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import BinaryIO

import numpy as np

from .execution import Summary
from .jobs import TEMPORARY, Progress, raise_faults, refuse_overlap, run_jobs
from .manifest import Manifest, digest
from .patches import BANK, FOLDER, FORMAT, BankPlan, BankSpec, Shard
from .plan import Degradation
from .source_state import is_changed, state_of


def write_patches(
    plan: BankPlan,
    sources: Iterable[str | Path],
    data_root: str | Path,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> Summary:
    """Write a bank to ``data_root/patches``.

    It can be stopped at any time and run again: complete shards are kept. Shards of earlier banks with other options or
    sources remain, and ``bank.json`` lists those of this one.

    Args:
        plan: Plan to execute.
        sources: Folders of the sources; none may overlap with the folder to be made.
        data_root: Parent of the folder to be made.
        workers: Number of threads; default one per CPU.
        on_progress: Called with the numbers of shards done and of all shards.

    Returns:
        Summary: Result, with records in place of frames and shards in place of clips.

    Raises:
        ValueError: If the sources have faults or turn out to be damaged, or a target exists that this package did not
            make.
    """
    if workers is not None and workers < 1:
        raise ValueError(f'workers must be at least 1, but got {workers}')
    folder = Path(data_root) / FOLDER
    for src in sources:
        refuse_overlap(Path(src), folder)
    raise_faults('cannot make a bank of patches', plan.faults)
    if not plan.shards:
        raise ValueError('cannot make a bank of patches: the sources have no clip and no photograph for training')
    manifest = Manifest(folder)
    jobs = [_ShardJob(shard, plan.spec, folder, manifest) for shard in plan.shards]
    if (folder / BANK).exists() and BANK not in manifest.texts:
        raise ValueError(f'{folder / BANK} already exists and was not made by vsr prepare; move it away')
    to_make = [job for job in jobs if not job.is_complete]
    faults = run_jobs(to_make, workers or os.cpu_count() or 1, on_progress)
    shutil.rmtree(folder / TEMPORARY, ignore_errors=True)
    raise_faults(f'{folder} is incomplete (existing files are valid; repair the source and run again)', faults)
    described = [job.describe() for job in jobs]
    bank = dict(format=FORMAT, **vars(plan.spec), shards=described)
    manifest.write_texts({BANK: json.dumps(bank, indent=1) + '\n'})
    records = sum(sum(shard['records'].values()) for shard in described)
    return Summary(folder, len(jobs), records, len(to_make), len(jobs) - len(to_make))


class _ShardJob:
    """One shard, made in one step so that its records have an order."""

    steps = 1

    def __init__(self, shard: Shard, spec: BankSpec, folder: Path, manifest: Manifest) -> None:
        self.shard, self.spec, self.folder, self.manifest = shard, spec, folder, manifest
        self.kinds = ('gt',) if spec.degradation == 'none' else ('gt', 'img')
        self.recipe = digest(f'{FORMAT} {spec} {shard.group} {shard.origin}'.encode())[:16]
        self.name = f'{shard.group}-{self.recipe}'

    @property
    def is_complete(self) -> bool:
        """Whether its files exist unchanged from an earlier run."""
        units = [self.manifest.units.get((kind, self.name)) for kind in self.kinds]
        if any(unit is None or unit.sizes is None for unit in units):
            return False
        if is_changed(self.shard.files, self.manifest.sources(self.name)):
            return False
        paths = [self._path(kind) for kind in (*self.kinds, 'json')]
        expected = [unit.sizes[0] for unit in units]
        return all(path.is_file() for path in paths) and [path.stat().st_size for path in paths[:-1]] == expected

    def describe(self) -> dict:
        """Return the shard's entry in ``bank.json``: its name and the number of records of each source."""
        records = json.loads(self._path('json').read_text(encoding='utf-8'))
        return dict(name=self.name, group=self.shard.group, records=records)

    def begin(self) -> None:
        """Record that this package makes the files."""
        self.manifest.begin(self.name, dict.fromkeys(self.kinds, self.recipe), state_of(self.shard.files))
        (self.folder / TEMPORARY).mkdir(parents=True, exist_ok=True)

    def step(self, index: int, stop: Event) -> list[int]:
        """Write the files and return their sizes."""
        temporary = {kind: self.folder / TEMPORARY / self._path(kind).name for kind in (*self.kinds, 'json')}
        degradation, spec = self.spec.degrade(), self.spec
        sides = dict(gt=spec.patch_size, img=spec.patch_size // spec.scale)
        records: dict[str, int] = {}
        with ExitStack() as stack:
            files = {kind: stack.enter_context(open(temporary[kind], 'w+b')) for kind in self.kinds}
            for kind, file in files.items():
                _write_header(file, (0, spec.frames, 3, sides[kind], sides[kind]))
            for name, windows in self.shard.sources:
                before = sum(records.values())
                count = 0
                for window in windows(stop):
                    count += self._write_window(files, window, degradation)
                # Sources may have the same name.
                records[name if name not in records else f'{name}#{before}'] = count
            for kind, file in files.items():
                _write_header(file, (sum(records.values()), spec.frames, 3, sides[kind], sides[kind]))
        temporary['json'].write_text(json.dumps(records), encoding='utf-8')
        for kind, path in temporary.items():
            os.replace(path, self._path(kind))
        return [self._path(kind).stat().st_size for kind in self.kinds]

    def take(self, result: list[int]) -> None:
        """Store the sizes of the files."""
        self._sizes = result

    def complete(self) -> None:
        """Record that the files are complete."""
        sizes = {kind: [size] for kind, size in zip(self.kinds, self._sizes, strict=True)}
        self.manifest.complete(self.name, dict.fromkeys(self.kinds, self.recipe), sizes)

    def _write_window(self, files: dict[str, BinaryIO], window: list, degradation: Degradation | None) -> int:
        """Write the records of one window of complete frames and return their number."""
        spec = self.spec
        h, w = (size - size % spec.scale for size in window[0].shape[:2])
        # Concatenate frames as channels: the filter is the same for each.
        frames = np.concatenate([frame[:h, :w] for frame in window], axis=2)
        stacks = dict(gt=frames)
        if degradation is not None:
            stacks['img'] = degradation.function(frames)
        places = list(itertools.product(*(_places(side, spec.patch_size, spec.scale) for side in (h, w))))
        for kind, file in files.items():
            step = 1 if kind == 'gt' else spec.scale
            side = spec.patch_size // step
            planes = np.ascontiguousarray(stacks[kind].transpose(2, 0, 1))
            for top, left in places:
                top, left = top // step, left // step
                file.write(np.ascontiguousarray(planes[:, top : top + side, left : left + side]))
        return len(places)

    def _path(self, kind: str) -> Path:
        return self.folder / (f'{self.name}.json' if kind == 'json' else f'{self.name}.{kind}.npy')


def _places(size: int, patch: int, scale: int) -> list[int]:
    """Start positions of patches that cover a side, evenly spaced, on the low-resolution grid."""
    count = math.ceil(size / patch)
    return [round(place / scale) * scale for place in np.linspace(0, (size - patch) // scale * scale, count)]


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """Write a numpy header, which leaves room for the first number to grow."""
    file.seek(0)
    np.lib.format.write_array_header_1_0(file, dict(descr='|u1', fortran_order=False, shape=shape))
