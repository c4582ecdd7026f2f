"""Plan a training set from any folder of clips (folders of frames or video files), with scenes held out."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ...media.images.image_files import UnreadableError, list_images
from ...media.reading.decoding import list_videos, probe_video
from .layouts import image_folders
from .plan import SCALE, Clip, Plan, clip_lines, cropped, key_frame_lines, low_resolutions, plan_many, require_folder
from .scenes import hold_out


def plan_clips(
    src: str | Path | Sequence[str | Path],
    val_fraction: float = 0.1,
    val: Collection[str] = (),
    scales: Sequence[int] = (SCALE,),
) -> Plan:
    """Plan ``clips/GT/<clip>/00000000.<ext>``, ``meta_info_clips_train.txt`` and ``meta_info_clips_val.txt``.

    Every folder that directly contains images is a clip, and so is every video file. Its name is its path below ``src``
    with '_' as separator. If a clip of an earlier source has that name, the clip becomes ``SRC_clip``; it counts as the
    same scene and is held out together with the other. JPEG frames are copied unchanged; other frames become PNG. Clips
    that are held out also get ``clips/BIx4``; for training the low resolution is computed on the fly. Frames whose size
    is not a multiple of 4 are cropped at the bottom and right. If there are videos,
    ``meta_info_clips_key_frames.txt`` lists which of their frames are I-frames.

    Args:
        src (str | Path | Sequence): The folder of clips, or several.
        val_fraction (float): Share of the scenes to hold out, 1 for all; see ``scenes.hold_out``.
        val (Collection[str]): Clips or scenes to hold out instead.
        scales (Sequence[int]): Upscaling factors, a folder ``BIx2`` and so on each.

    Raises:
        FileNotFoundError: If a source is not a folder.
        ValueError: If the clips cannot be split like this, or a scale is below 2.
    """
    low = low_resolutions(scales)
    clips, held, faults = collect_clips([src] if isinstance(src, str | Path) else src, val_fraction, val)
    clips = [replace(clip, low=tuple(low)) if clip.name in held else clip for clip in clips]

    def annotate(made: list[tuple[Clip, int]]) -> dict[str, str]:
        texts = {
            'meta_info_clips_train.txt': clip_lines(pair for pair in made if pair[0].name not in held),
            'meta_info_clips_val.txt': clip_lines(pair for pair in made if pair[0].name in held),
        }
        if any(clip.is_video for clip, _ in made):
            texts['meta_info_clips_key_frames.txt'] = key_frame_lines(made)
        return texts

    return Plan('clips', clips, annotate, low, faults=faults)


def collect_clips(
    sources: Iterable[str | Path], val_fraction: float = 0.1, val: Collection[str] = ()
) -> tuple[list[Clip], set[str], list[str]]:
    """Return the clips of one or several folders, and the names of those held out.

    Args:
        sources (Iterable): Folders.
        val_fraction (float): Share of the scenes to hold out; see ``scenes.hold_out``. 0 holds out none.
        val (Collection[str]): Clips or scenes to hold out instead.

    Returns:
        tuple: The clips, in each folder those of videos last; the names of those held out; and one line per fault. With
        faults, nothing is held out.

    Raises:
        FileNotFoundError: If a source is not a folder.
        ValueError: If the clips cannot be split like this.
    """
    clips: list[Clip] = []
    # Name of a clip -> its name in its source, which determines its scene.
    source_names: dict[str, str] = {}
    faults: list[str] = []
    for folder in map(require_folder, sources):
        found, faults_of_folder = _clips_of(folder)
        renamed = [_renamed(clip, source_names, folder) for clip in found]
        faults += faults_of_folder
        clips += renamed
        source_names |= {clip.name: own.name for clip, own in zip(renamed, found, strict=True)}
    faults += _name_clashes(clips)
    held = set()
    if clips and not faults and (val_fraction or val):
        held = hold_out(list(dict.fromkeys(source_names.values())), val_fraction or 0.1, val)
    return clips, {name for name, own in source_names.items() if own in held}, faults


def _clips_of(src: Path) -> tuple[list[Clip], list[str]]:
    """Return the clips of one source, and one line per fault."""
    folders = ((parts or (src.name,), list_images(src.joinpath(*parts))) for parts in image_folders(src))
    clips, faults = plan_many(((_name(parts), paths, None) for parts, paths in folders), (), keep_jpeg=True)
    for path in list_videos(src):
        try:
            size = cropped(probe_video(path))
        except UnreadableError as error:
            faults.append(str(error))
            continue
        clips.append(Clip(_name(path.relative_to(src).with_suffix('').parts), (path,), size, is_video=True))
    return clips, faults


def _renamed(clip: Clip, taken: Collection[str], src: Path) -> Clip:
    """Rename the clip if a clip of an earlier source has its name."""
    return replace(clip, name=_name((src.resolve().name, clip.name))) if clip.name in taken else clip


def _name(parts: tuple[str, ...]) -> str:
    """Join parts to a name for annotation files: upstream splits lines at blanks and treats a dot as suffix."""
    return re.sub(r'[\s.]+', '_', '_'.join(parts))


def _name_clashes(clips: list[Clip]) -> list[str]:
    first: dict[str, Clip] = {}
    return [
        f'{clip.sources[0]} and {first[clip.name].sources[0]} both have the clip name {clip.name}; rename one'
        for clip in clips
        if first.setdefault(clip.name, clip) is not clip
    ]
