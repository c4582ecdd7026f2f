"""Any folder of clips, folders of frames or video files, for training, with scenes held out for validation."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ...media.decoding import VIDEO_SUFFIXES, probe_video
from ...media.images import UnreadableError, list_images, natural_key
from .layouts import image_folders
from .plan import Clip, Plan, bicubic, clip_lines, cropped, key_frame_lines, plan_many, require_folder
from .scenes import hold_out


def plan_clips(src: str | Path | Sequence[str | Path], val_fraction: float = 0.1, val: Collection[str] = ()) -> Plan:
    """Clips as ``clips/GT/<clip>/00000000.<ext>`` with ``meta_info_clips_train.txt`` and ``meta_info_clips_val.txt``.

    Every folder that directly holds images is a clip, and so is every video file. Its name is its path below ``src``
    with '_' for what separates. A clip whose name a clip of an earlier source has becomes ``SRC_clip``; it counts as
    the same scene and is held out with the other. JPEG frames are kept as they are, byte by byte; others become PNG.
    For clips that are held out there is ``clips/BIx4`` too, for training low resolution is made on the fly. Frames
    whose size is no multiple of 4 are cropped at the bottom and right. Where there are videos,
    ``meta_info_clips_key_frames.txt`` says which of their frames are I-frames.

    Args:
        src (str | Path | Sequence): The folder of clips, or several.
        val_fraction (float): Share of the scenes to hold out, 1 for all; see ``scenes.hold_out``.
        val (Collection[str]): Clips or scenes to hold out instead.

    Raises:
        FileNotFoundError: If a source is not a folder.
        ValueError: If there is no such split.
    """
    clips, held, faults = collect_clips([src] if isinstance(src, str | Path) else src, val_fraction, val)
    clips = [replace(clip, low=('BIx4',)) if clip.name in held else clip for clip in clips]

    def annotate(made: list[tuple[Clip, int]]) -> dict[str, str]:
        texts = {
            'meta_info_clips_train.txt': clip_lines(pair for pair in made if pair[0].name not in held),
            'meta_info_clips_val.txt': clip_lines(pair for pair in made if pair[0].name in held),
        }
        if any(clip.is_video for clip, _ in made):
            texts['meta_info_clips_key_frames.txt'] = key_frame_lines(made)
        return texts

    return Plan('clips', clips, annotate, {'BIx4': bicubic()}, faults=faults)


def collect_clips(
    sources: Iterable[str | Path], val_fraction: float = 0.1, val: Collection[str] = ()
) -> tuple[list[Clip], set[str], list[str]]:
    """The clips of one or several folders, and those of them that are held out.

    Args:
        sources (Iterable): Folders.
        val_fraction (float): Share of the scenes to hold out; see ``scenes.hold_out``. 0 holds out none.
        val (Collection[str]): Clips or scenes to hold out instead.

    Returns:
        tuple: The clips, of each folder those of videos last; the names of those held out; and a line for each fault,
        with which nothing is held out.

    Raises:
        FileNotFoundError: If a source is not a folder.
        ValueError: If there is no such split.
    """
    clips: list[Clip] = []
    # Name of a clip -> its name in its source, which says what scene it is.
    plain: dict[str, str] = {}
    faults: list[str] = []
    for folder in map(require_folder, sources):
        found, faults_of_folder = _clips_of(folder)
        apart = [_apart(clip, plain, folder) for clip in found]
        faults += faults_of_folder
        clips += apart
        plain |= {clip.name: own.name for clip, own in zip(apart, found, strict=True)}
    faults += _name_clashes(clips)
    held = set()
    if clips and not faults and (val_fraction or val):
        held = hold_out(list(dict.fromkeys(plain.values())), val_fraction or 0.1, val)
    return clips, {name for name, own in plain.items() if own in held}, faults


def _clips_of(src: Path) -> tuple[list[Clip], list[str]]:
    """The clips of one source, and what is wrong with it."""
    folders = ((parts or (src.name,), list_images(src.joinpath(*parts))) for parts in image_folders(src))
    clips, faults = plan_many(((_name(parts), paths, None) for parts, paths in folders), (), keep_jpeg=True)
    for path in _videos(src):
        try:
            size = cropped(probe_video(path))
        except UnreadableError as error:
            faults.append(str(error))
            continue
        clips.append(Clip(_name(path.relative_to(src).with_suffix('').parts), (path,), size, is_video=True))
    return clips, faults


def _apart(clip: Clip, taken: Collection[str], src: Path) -> Clip:
    """The clip, under a name that no clip of an earlier source has."""
    return replace(clip, name=_name((src.resolve().name, clip.name))) if clip.name in taken else clip


def _videos(src: Path) -> list[Path]:
    found = (path for path in src.rglob('*') if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())
    shown = [path for path in found if not any(part.startswith('.') for part in path.relative_to(src).parts)]
    return sorted(shown, key=lambda path: natural_key(str(path)))


def _name(parts: tuple[str, ...]) -> str:
    """A name that annotation files can hold: upstream splits their lines at blanks and takes a dot for a suffix."""
    return re.sub(r'[\s.]+', '_', '_'.join(parts))


def _name_clashes(clips: list[Clip]) -> list[str]:
    first: dict[str, Clip] = {}
    return [
        f'{clip.sources[0]} and {first[clip.name].sources[0]} would both be the clip {clip.name}; rename one'
        for clip in clips
        if first.setdefault(clip.name, clip) is not clip
    ]
