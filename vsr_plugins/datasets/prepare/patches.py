"""Make a bank of patches: memory-mapped windows of cropped frames, from which a training reads without decoding.

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
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO

import numpy as np

from ...degradation import BD_CONVENTIONS
from ...media.decoding import RgbReader, decode
from ...media.images import UnreadableError, list_images, read_rgb
from ...media.shots import CutDetector
from ...temporal_windows import mirrored
from .clips import collect_clips
from .execution import Summary
from .jobs import TEMPORARY, Progress, raise_faults, refuse_overlap, run_jobs
from .manifest import Manifest, digest
from .plan import Clip, Degradation, bicubic, blur, plan_frames, require_folder

BANK = 'bank.json'
FOLDER = 'patches'
FORMAT = 1
GROUPS = ('clips', 'photos')
DEGRADATIONS = ('BI', *(f'BD {convention}' for convention in BD_CONVENTIONS), 'none')
# Folders of few frames share a shard: one file for each of Vimeo-90K's septuplets would be too many.
FRAMES_A_SHARD = 512
PHOTOS_A_SHARD = 16


@dataclass(frozen=True)
class BankSpec:
    """Format of the records of a bank.

    Attributes:
        frames: Consecutive frames in a record.
        patch_size: Height and width of a record at high resolution.
        scale: Ratio of high to low resolution.
        degradation: One of ``DEGRADATIONS``; with 'none' the reader of the bank degrades.

    Raises:
        ValueError: If a number is invalid, or the degradation does not exist.
    """

    frames: int = 7
    patch_size: int = 160
    scale: int = 4
    degradation: str = 'BI'

    def __post_init__(self) -> None:
        if self.degradation not in DEGRADATIONS:
            raise ValueError(f"degradation must be one of {', '.join(DEGRADATIONS)}, but got '{self.degradation}'")
        if self.frames < 1 or self.scale < 1:
            raise ValueError(f'frames and scale must be positive, but got {self.frames} and {self.scale}')
        if self.patch_size < self.scale or self.patch_size % self.scale:
            raise ValueError(f'patch_size must be a positive multiple of scale {self.scale}, but got {self.patch_size}')

    def degrade(self) -> Degradation | None:
        """Return the degradation function; None if the bank has no low resolution."""
        kind, _, convention = self.degradation.partition(' ')
        if kind == 'none':
            return None
        return blur(convention, self.scale) if kind == 'BD' else bicubic(self.scale)


# Source of a shard: a name, and a function that yields the windows, lists of `frames` images.
Source = tuple[str, Callable[[Event], Iterator[list[np.ndarray]]]]


@dataclass(frozen=True)
class Shard:
    """Plan of a file pair of a bank.

    Attributes:
        group: 'clips' or 'photos', by which a training weights the records.
        sources: Sources in order.
        origin: Text that changes when the sources change.
    """

    group: str
    sources: tuple[Source, ...]
    origin: str


@dataclass
class BankPlan:
    """Plan of a bank.

    Attributes:
        spec: Format of the records.
        shards: Shards in the order of the records.
        faults: Faults of the sources, one line each. A plan with faults is not executed.
    """

    spec: BankSpec
    shards: list[Shard] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def plan_patches(
    sources: Sequence[str | Path],
    spec: BankSpec | None = None,
    photos: str | Path | None = None,
    clips_per_photo: int = 4,
    val_fraction: float = 0.1,
    val: Collection[str] = (),
    train_list: str | Path | None = None,
) -> BankPlan:
    """Plan a bank of training clips, and of photographs under a moving camera.

    Clips are found and held out as in ``plan_clips``. From a folder made by ``vsr prepare`` the clips of its training
    list are used.

    Args:
        sources: Folders of clips, or data sets made by ``vsr prepare``.
        spec: Format of the records; default ``BankSpec()``.
        photos: A folder of photographs for ``PhotoMotionDataset``, of which those for training are used.
        clips_per_photo: Records made from each photograph.
        val_fraction: Share of the scenes to hold out of unprepared folders; 0 for none.
        val: Clips or scenes to hold out instead.
        train_list: Annotation file of the clips to use, if a prepared folder has several training lists.

    Raises:
        FileNotFoundError: If a folder or the list does not exist.
        ValueError: If the arguments do not fit the sources.
    """
    plan = BankPlan(spec or BankSpec())
    if not sources and photos is None:
        raise ValueError('a bank needs a folder of clips or of photographs, but got neither')
    clips: list[Clip] = []
    raw: list[Path] = []
    for src in map(require_folder, sources):
        lists = [Path(train_list)] if train_list else sorted(src.glob('meta_info_*train*.txt'))
        if not lists:
            raw.append(src)
        elif len(lists) > 1:
            raise ValueError(
                f'{src} has {len(lists)} training lists, {", ".join(path.name for path in lists)}; '
                'select one by --train-list'
            )
        else:
            found, faults = _listed_clips(src, lists[0])
            clips += found
            plan.faults += faults
    if val and not raw:
        raise ValueError(f'{", ".join(val)} cannot be held out: no unprepared folder of clips is given')
    found, held, faults = collect_clips(raw, val_fraction, val)
    clips += [clip for clip in found if clip.name not in held]
    plan.faults += faults
    plan.faults += [
        f'{clip.sources[0]}: frames of {clip.size[0]}x{clip.size[1]} are smaller than a patch of '
        f'{plan.spec.patch_size}x{plan.spec.patch_size}'
        for clip in clips
        if min(clip.size) < plan.spec.patch_size
    ]
    plan.shards += [_clip_shard(group, plan.spec) for group in _grouped(clips)]
    if photos is not None:
        plan.shards += _photo_shards(Path(photos), plan.spec, clips_per_photo)
    return plan


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
        paths = [self._path(kind) for kind in (*self.kinds, 'json')]
        expected = [unit.sizes[0] for unit in units]
        return all(path.is_file() for path in paths) and [path.stat().st_size for path in paths[:-1]] == expected

    def describe(self) -> dict:
        """Return the shard's entry in ``bank.json``: its name and the number of records of each source."""
        records = json.loads(self._path('json').read_text(encoding='utf-8'))
        return dict(name=self.name, group=self.shard.group, records=records)

    def begin(self) -> None:
        """Record that this package makes the files."""
        self.manifest.begin(self.name, dict.fromkeys(self.kinds, self.recipe))
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


def _listed_clips(src: Path, path: Path) -> tuple[list[Clip], list[str]]:
    """Return the clips of a prepared folder that an annotation file lists."""
    if not path.is_file():
        raise FileNotFoundError(f'no annotation file {path}')
    roots = [src / name for name in ('GT', 'train_sharp') if (src / name).is_dir()]
    if not roots:
        raise FileNotFoundError(f'{src} contains no folder GT or train_sharp for the clips of {path.name}')
    names = dict.fromkeys(line.split()[0] for line in path.read_text(encoding='utf-8').splitlines() if line.strip())
    # REDS lists frames: the clip is their folder.
    names = dict.fromkeys(name if (roots[0] / name).is_dir() else str(Path(name).parent) for name in names)
    clips, faults = [], []
    for name in names:
        clip, wrong = plan_frames(name, list_images(roots[0] / name) if (roots[0] / name).is_dir() else (), ())
        clips += [clip] if clip else []
        faults += wrong
    return clips, faults


def _grouped(clips: Iterable[Clip]) -> Iterator[list[Clip]]:
    """Group clips into shards: each video alone, folders of frames together until they have enough frames."""
    group: list[Clip] = []
    for clip in clips:
        if clip.is_video:
            yield [clip]
            continue
        group.append(clip)
        if sum(len(each.sources) for each in group) >= FRAMES_A_SHARD:
            yield group
            group = []
    if group:
        yield group


def _clip_shard(clips: Sequence[Clip], spec: BankSpec) -> Shard:
    files = [(clip.name, [(path.name, path.stat().st_size) for path in clip.sources]) for clip in clips]
    return Shard('clips', tuple((clip.name, _ClipWindows(clip, spec.frames)) for clip in clips), repr(files))


class _ClipWindows:
    """Consecutive windows of a clip, none across a cut, the last one of each scene aligned to its end."""

    def __init__(self, clip: Clip, count: int) -> None:
        self.clip, self.count = clip, count

    def __call__(self, stop: Event) -> Iterator[list[np.ndarray]]:
        begins_scene = CutDetector()
        scene: list[np.ndarray] = []
        fresh = 0
        for frame in self._frames(stop):
            if begins_scene(frame):
                yield from self._rest(scene, fresh)
                scene, fresh = [], 0
            scene = [*scene[-(self.count - 1) :], frame] if self.count > 1 else [frame]
            fresh += 1
            if fresh == self.count:
                yield scene
                fresh = 0
        yield from self._rest(scene, fresh)

    def _rest(self, scene: list[np.ndarray], fresh: int) -> Iterator[list[np.ndarray]]:
        """Yield the window at the end of a scene; a scene that is too short is mirrored."""
        if fresh:
            yield [scene[mirrored(i, len(scene))] for i in range(self.count)]

    def _frames(self, stop: Event) -> Iterator[np.ndarray]:
        h, w = self.clip.size
        rgb_of = RgbReader()
        frames = (
            (rgb_of(frame) for frame in decode(self.clip.sources[0]))
            if self.clip.is_video
            else map(read_rgb, self.clip.sources)
        )
        for number, frame in enumerate(frames):
            if stop.is_set():
                raise InterruptedError(f'stopped at frame {number} of {self.clip.sources[0]}')
            if frame.shape[0] < h or frame.shape[1] < w:
                raise UnreadableError(
                    f'{self.clip.sources[-1]}: frame {number} is {frame.shape[:2]}, but must be at least {h}x{w}'
                )
            yield frame[:h, :w]


def _photo_shards(root: Path, spec: BankSpec, clips_per_photo: int) -> list[Shard]:
    from mmengine.dataset import BaseDataset

    from ..photo_motion import PhotoMotionDataset

    dataset = PhotoMotionDataset(
        str(root),
        num_frames=spec.frames,
        gt_size=(spec.patch_size, spec.patch_size),
        clips_per_image=clips_per_photo,
    )
    # BaseDataset's method, as the dataset's own renders.
    infos = [BaseDataset.get_data_info(dataset, index) for index in range(len(dataset))]
    shards = []
    for first in range(0, len(infos), PHOTOS_A_SHARD * clips_per_photo):
        part = infos[first : first + PHOTOS_A_SHARD * clips_per_photo]
        files = sorted({(Path(info['photo']).name, Path(info['photo']).stat().st_size) for info in part})
        sources = tuple((info['name'], _PhotoWindow(dataset, info['sample_idx'])) for info in part)
        shards.append(Shard('photos', sources, f'{files} {clips_per_photo}'))
    return shards


class _PhotoWindow:
    """The single window of a clip rendered from a photograph."""

    def __init__(self, dataset: Any, index: int) -> None:
        self.dataset, self.index = dataset, index

    def __call__(self, stop: Event) -> Iterator[list[np.ndarray]]:
        if stop.is_set():
            raise InterruptedError(f'stopped at clip {self.index} of the photographs')
        yield self.dataset.get_data_info(self.index)['gt']
