"""What is to be made of a source: clips, their ground truth, their low resolution and the annotation files."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np

from ...degradation import BD_CONVENTIONS, bicubic_downsample, blur_downsample
from ...media.images import ImageInfo, UnreadableError, list_images, probe

SCALE = 4


@dataclass(frozen=True)
class ClipSpec:
    """What a clip of a published data set must be.

    Attributes:
        frames: How many.
        size: (h, w) of the ground truth, or None if the data set does not say.
    """

    frames: int
    size: tuple[int, int] | None


@dataclass(frozen=True)
class Clip:
    """One clip to be made.

    Attributes:
        name: Its path below the folder of ground truth, '/' between the parts.
        sources: Its frames in order, or one video file.
        size: (h, w) of the ground truth made, a multiple of the scale; the rest is cropped at the bottom and right.
        low: Folders of low resolution to make of it, keys of ``Plan.low``.
        suffix: '.png', or '.jpg' where the JPEG files of the source are kept as they are.
        kept: For each frame, whether the file itself is the ground truth, byte by byte.
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
    """How one folder of low resolution is made: a function of an (h, w, 3) uint8 image and its name for the record."""

    label: str
    function: Callable[[np.ndarray], np.ndarray]


@dataclass
class Plan:
    """A data set to be made.

    Attributes:
        folder: Its folder in the data root.
        clips: What to make.
        annotate: From the clips made, each with its number of frames, the text of each annotation file.
        low: The folders of low resolution and how each is made.
        gt: The folder of ground truth.
        stem: The name of frame i, counted from 0, without the suffix.
        faults: What is wrong with the source, a line each. A plan with faults is not carried out.
    """

    folder: str
    clips: list[Clip]
    annotate: Callable[[list[tuple[Clip, int]]], dict[str, str]]
    low: dict[str, Degradation]
    gt: str = 'GT'
    stem: Callable[[int], str] = '{:08d}'.format
    faults: list[str] = field(default_factory=list)


def bicubic(scale: int = SCALE) -> Degradation:
    """BI of a scale."""
    return Degradation('bicubic', partial(bicubic_downsample, scale=scale))


def blur(convention: str, scale: int = SCALE) -> Degradation:
    """BD of a scale after one of ``BD_CONVENTIONS``.

    Raises:
        ValueError: If there is no such convention.
    """
    if convention not in BD_CONVENTIONS:
        raise ValueError(f"a BD convention is one of {', '.join(BD_CONVENTIONS)}, but got '{convention}'")
    arguments = BD_CONVENTIONS[convention]
    return Degradation(f'blur {convention}', partial(blur_downsample, scale=scale, **arguments))


def require_folder(src: str | Path) -> Path:
    """The source as a path.

    Raises:
        FileNotFoundError: If there is no such folder.
    """
    src = Path(src)
    if not src.is_dir():
        raise FileNotFoundError(f'{src} is not a folder; SRC is where the data set was unpacked')
    return src


def plan_frames(
    name: str, paths: Iterable[Path], low: tuple[str, ...], spec: ClipSpec | None = None, keep_jpeg: bool = False
) -> tuple[Clip | None, list[str]]:
    """A clip from its frames, and what is wrong with them.

    Args:
        name (str): Name of the clip.
        paths (Iterable[Path]): Its frames in order.
        low (tuple[str, ...]): Folders of low resolution to make.
        spec (ClipSpec | None): What the clip must be; without it, all frames need only have one size.
        keep_jpeg (bool): Whether JPEG files are good enough a ground truth as they are, if all are.

    Returns:
        tuple: The clip, or None if nothing can be made of it, and a line for each fault.
    """
    paths = tuple(paths)
    if not paths:
        return None, [f'{name}: no frame']
    faults = []
    if spec is not None and len(paths) != spec.frames:
        faults.append(f'{paths[0].parent}: {spec.frames} frames are expected, but got {len(paths)}')
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
            faults.append(f'{path}: {expected[0]}x{expected[1]} pixels (h x w) are expected, but got {h}x{w}')
    size = cropped(expected)
    if 0 in size:
        faults.append(f'{paths[0].parent}: frames of {expected[0]}x{expected[1]} are smaller than the scale {SCALE}')
    if faults:
        return None, faults
    # One suffix for a clip: loaders fill the frame number into one template.
    whole = size == expected
    suffixes = [info.suffix if whole else None for info in infos.values()]
    suffix = '.jpg' if keep_jpeg and set(suffixes) == {'.jpg'} else '.png'
    kept = tuple(found == suffix for found in suffixes)
    return Clip(name, paths, size, low, suffix, kept), []


def plan_many(
    requests: Iterable[tuple[str, Sequence[Path], ClipSpec | None]], low: tuple[str, ...], keep_jpeg: bool = False
) -> tuple[list[Clip], list[str]]:
    """``plan_frames`` for many clips, each a name, its frames and what it must be."""
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda request: plan_frames(*request[:2], low, request[2], keep_jpeg), requests))
    return [clip for clip, _ in answers if clip is not None], [fault for _, faults in answers for fault in faults]


def plan_folders(
    folders: dict[str, Path], specs: dict[str, ClipSpec], low: tuple[str, ...]
) -> tuple[list[Clip], list[str]]:
    """Clips from their folders, in the order of ``specs``, and what is wrong with them or missing."""
    missing = [f'clip {name} ({spec.frames} frames) is missing' for name, spec in specs.items() if name not in folders]
    found = ((name, list_images(folders[name]), spec) for name, spec in specs.items() if name in folders)
    clips, faults = plan_many(found, low)
    return clips, missing + faults


def cropped(size: tuple[int, int]) -> tuple[int, int]:
    """The largest size within ``size`` that the scale divides."""
    return size[0] // SCALE * SCALE, size[1] // SCALE * SCALE


def clip_lines(made: Iterable[tuple[Clip, int]], shape: str = '({h},{w},3)') -> str:
    """Upstream's annotation of whole clips: name, number of frames, shape."""
    return ''.join(f'{clip.name} {n} {shape.format(h=clip.size[0], w=clip.size[1])}\n' for clip, n in made)


def key_frame_lines(made: Iterable[tuple[Clip, int]]) -> str:
    """The I-frames of clips that were videos: name and indices from 0. ``key_frames.read_key_frames`` reads it."""
    return ''.join(f'{clip.name} {" ".join(map(str, clip.key_frames))}\n' for clip, _ in made if clip.key_frames)
