"""Plan a bank of patches: memory-mapped windows of cropped frames, from which a training reads without decoding.

``patch_writing`` says how a bank lies on disk.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np

from ...degradation import BD_CONVENTIONS
from ...media.images.image_files import UnreadableError, list_images, read_rgb
from ...media.reading.decoding import RgbReader, decode
from ...media.reading.shots import CutDetector
from ...temporal_windows import mirrored
from .clips import collect_clips
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
        origin: Text that changes when the sources have other names or sizes.
        files: Files of the sources.
    """

    group: str
    sources: tuple[Source, ...]
    origin: str
    files: tuple[Path, ...]


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
    sources = tuple((clip.name, _ClipWindows(clip, spec.frames)) for clip in clips)
    return Shard('clips', sources, repr(files), tuple(path for clip in clips for path in clip.sources))


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
        photos = sorted({Path(info['photo']) for info in part})
        files = sorted({(photo.name, photo.stat().st_size) for photo in photos})
        sources = tuple((info['name'], _PhotoWindow(dataset, info['sample_idx'])) for info in part)
        shards.append(Shard('photos', sources, f'{files} {clips_per_photo}', tuple(photos)))
    return shards


class _PhotoWindow:
    """The single window of a clip rendered from a photograph."""

    def __init__(self, dataset: Any, index: int) -> None:
        self.dataset, self.index = dataset, index

    def __call__(self, stop: Event) -> Iterator[list[np.ndarray]]:
        if stop.is_set():
            raise InterruptedError(f'stopped at clip {self.index} of the photographs')
        yield self.dataset.get_data_info(self.index)['gt']
