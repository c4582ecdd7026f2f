"""Plans of data sets: clips with their ground truth, low resolution and annotation files."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from ...degradation import BD_CONVENTIONS, degrade
from ...media.images.image_files import ImageInfo, UnreadableError, list_images, probe

SCALE = 4


@dataclass(frozen=True)
class ClipSpec:
    """Requirements of a clip of a published data set.

    Attributes:
        frames: Number of frames.
        size: (h, w) of the ground truth, or None if the data set does not define it.
    """

    frames: int
    size: tuple[int, int] | None


@dataclass(frozen=True)
class Clip:
    """Plan of one clip.

    Attributes:
        name: Path below the folder of ground truth, with '/' as separator.
        sources: Frames in order, or one video file.
        size: (h, w) of the resulting ground truth, a multiple of the scale; the rest is cropped at the bottom and
            right.
        low: Folders of low resolution to make, keys of ``Plan.low``.
        suffix: '.png', or '.jpg' if JPEG files of the source are copied unchanged.
        kept: For each frame, whether its file is copied unchanged as ground truth.
        is_video: Whether ``sources`` is a video file.
        key_frames: Indices of a video's I-frames; None before it is decoded.
    """

    name: str
    sources: tuple[Path, ...]
    size: tuple[int, int]
    low: tuple[str, ...] = ()
    suffix: str = '.png'
    kept: tuple[bool, ...] = ()
    is_video: bool = False
    key_frames: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Degradation:
    """Degradation of a folder: a function of an (h, w, 3) uint8 image and its name for the manifest."""

    label: str
    function: Callable[[np.ndarray], np.ndarray]


@dataclass
class Plan:
    """Plan of a data set.

    Attributes:
        folder: Name of its folder in the data root.
        clips: Clips to make.
        annotate: Maps the finished clips, each with its number of frames, to the text of each annotation file.
        low: Degradation of each folder of low resolution.
        gt: Name of the folder of ground truth.
        stem: Returns the name of frame i, from 0, without suffix.
        faults: Faults of the source, one line each. A plan with faults is not executed.
    """

    folder: str
    clips: list[Clip]
    annotate: Callable[[list[tuple[Clip, int]]], dict[str, str]]
    low: dict[str, Degradation]
    gt: str = 'GT'
    stem: Callable[[int], str] = '{:08d}'.format
    faults: list[str] = field(default_factory=list)


def bicubic(scale: int = SCALE) -> Degradation:
    """Return the bicubic degradation BI for a scale; sizes that are not multiples are cropped first."""
    return Degradation('bicubic', partial(_degrade_whole_blocks, kind='BI', scale=scale))


def _degrade_whole_blocks(image: np.ndarray, scale: int, **options: str) -> np.ndarray:
    """Degrade what a low-resolution image of whole pixels covers: the rest is cropped at the bottom and right."""
    h, w = (size // scale * scale for size in image.shape[:2])
    return degrade(image[:h, :w], scale=scale, **options)


def low_resolutions(
    scales: Sequence[int], bd: str | None = None, bicubic_folder: str = 'BIx'
) -> dict[str, Degradation]:
    """Return the folders of low resolution: bicubic of each scale, and BD, which is defined for x4, if that is one.

    Args:
        scales: Upscaling factors, each 2, 3 or 4 or another integer above 1.
        bd: Convention of BDx4, one of ``BD_CONVENTIONS``; None makes none.
        bicubic_folder: Name of the folders, without the scale.

    Raises:
        ValueError: If a scale is below 2 or there is none, or the convention does not exist.
    """
    if not scales or any(not isinstance(scale, int) or scale < 2 for scale in scales):
        raise ValueError(f'scales must be integers of at least 2, but got {list(scales)}')
    made = {f'{bicubic_folder}{scale}': bicubic(scale) for scale in dict.fromkeys(scales)}
    convention = None if bd is None else blur(bd)
    return {**made, f'BDx{SCALE}': convention} if convention and SCALE in scales else made


def blur(convention: str, scale: int = SCALE) -> Degradation:
    """Return the degradation BD for a scale and a convention of ``BD_CONVENTIONS``.

    Raises:
        ValueError: If the convention does not exist.
    """
    if convention not in BD_CONVENTIONS:
        raise ValueError(f"the BD convention must be one of {', '.join(BD_CONVENTIONS)}, but got '{convention}'")
    return Degradation(f'blur {convention}', partial(degrade, kind='BD', scale=scale, bd=convention))


def require_folder(src: str | Path) -> Path:
    """Return the source as a path.

    Raises:
        FileNotFoundError: If the folder does not exist.
    """
    src = Path(src)
    if not src.is_dir():
        raise FileNotFoundError(f'{src} is not a folder; SRC must be the folder of the unpacked data set')
    return src


def plan_frames(
    name: str, paths: Iterable[Path], low: tuple[str, ...], spec: ClipSpec | None = None, keep_jpeg: bool = False
) -> tuple[Clip | None, list[str]]:
    """Plan a clip from its frames, and return faults of the frames.

    Args:
        name (str): Name of the clip.
        paths (Iterable[Path]): Its frames in order.
        low (tuple[str, ...]): Folders of low resolution to make.
        spec (ClipSpec | None): Requirements of the clip; without it, all frames must have one size.
        keep_jpeg (bool): Whether JPEG files are copied unchanged as ground truth, if all frames are JPEG.

    Returns:
        tuple: The clip, or None if it cannot be made, and one line per fault.
    """
    paths = tuple(paths)
    if not paths:
        return None, [f'{name}: no frame']
    faults = []
    if spec is not None and len(paths) != spec.frames:
        faults.append(f'{paths[0].parent}: expected {spec.frames} frames, but got {len(paths)}')
    infos: dict[Path, ImageInfo] = {}
    for path in paths:
        try:
            infos[path] = probe(path)
        except UnreadableError as error:
            faults.append(str(error))
    if not infos:
        return None, faults
    expected = spec.size if spec is not None and spec.size is not None else next(iter(infos.values())).size
    for path, info in infos.items():
        if info.size != expected:
            h, w = info.size
            faults.append(f'{path}: expected {expected[0]}x{expected[1]} pixels (h x w), but got {h}x{w}')
    size = cropped(expected)
    if 0 in size:
        faults.append(f'{paths[0].parent}: frames of {expected[0]}x{expected[1]} are smaller than the scale {SCALE}')
    if faults:
        return None, faults
    # One suffix per clip: loaders format the frame number into one template.
    uncropped = size == expected
    suffixes = [info.suffix if uncropped else None for info in infos.values()]
    suffix = '.jpg' if keep_jpeg and set(suffixes) == {'.jpg'} else '.png'
    kept = tuple(found == suffix for found in suffixes)
    return Clip(name, paths, size, low, suffix, kept), []


def plan_many(
    requests: Iterable[tuple[str, Sequence[Path], ClipSpec | None]], low: tuple[str, ...], keep_jpeg: bool = False
) -> tuple[list[Clip], list[str]]:
    """Call ``plan_frames`` for many clips, each a name, its frames and its requirements."""
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda request: plan_frames(*request[:2], low, request[2], keep_jpeg), requests))
    return [clip for clip, _ in answers if clip is not None], [fault for _, faults in answers for fault in faults]


def plan_folders(
    folders: dict[str, Path], specs: dict[str, ClipSpec], low: tuple[str, ...]
) -> tuple[list[Clip], list[str]]:
    """Plan clips from their folders, in the order of ``specs``, and return faults and missing clips."""
    missing = [f'clip {name} ({spec.frames} frames) is missing' for name, spec in specs.items() if name not in folders]
    found = ((name, list_images(folders[name]), spec) for name, spec in specs.items() if name in folders)
    clips, faults = plan_many(found, low)
    return clips, missing + faults


def cropped(size: tuple[int, int]) -> tuple[int, int]:
    """Round a size down to multiples of the scale."""
    return size[0] // SCALE * SCALE, size[1] // SCALE * SCALE


def clip_lines(made: Iterable[tuple[Clip, int]], shape: str = '({h},{w},3)') -> str:
    """Format upstream's annotation of complete clips: name, number of frames, shape."""
    return ''.join(f'{clip.name} {n} {shape.format(h=clip.size[0], w=clip.size[1])}\n' for clip, n in made)


def key_frame_lines(made: Iterable[tuple[Clip, int]]) -> str:
    """Format the I-frames of videos for ``key_frames.read_key_frames``: name and indices from 0."""
    return ''.join(f'{clip.name} {" ".join(map(str, clip.key_frames))}\n' for clip, _ in made if clip.key_frames)
