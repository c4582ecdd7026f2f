"""Name the targets of many sources."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from glob import glob, has_magic
from pathlib import Path

from ...media.encoding.animations import WRITTEN as ANIMATION_SUFFIXES
from ...media.encoding.planning import can_keep
from ...media.images.image_encoding import can_write_image
from ...media.images.image_files import IMAGE_SUFFIXES, list_images, natural_key
from ...media.reading.animation_reader import ANIMATED_SUFFIXES
from ...media.reading.decoding import VIDEO_SUFFIXES, list_videos
from ...media.reading.source_kind import SourceKind, source_kind
from .options import Naming
from .resumable_output import ResumableOutput

# Ending of a video whose own ending cannot be written: Matroska takes the sound and subtitles of every other format.
FALLBACK_EXT = '.mkv'
# Of files that are no frames of a sequence.
SEVERAL_FRAMES = VIDEO_SUFFIXES | ANIMATED_SUFFIXES


def plan_targets(
    sources: Sequence[str | Path], target: str | Path, naming: Naming = Naming(), is_folder: bool = False
) -> tuple[dict[Path, Path], bool]:
    """Name the target of each source.

    The targets lie in a folder if ``target`` ends in a slash or is a folder already, if there are several sources, or
    if a source is a folder or a glob of videos or GIFs. In a folder with videos each image is a source of its own,
    too. An existing folder that holds the images of an earlier run is that run's target. The images of one source are
    written to ``target`` itself.

    Args:
        sources: Videos, folders of videos, folders of images, globs and templates of images.
        target: A video, a folder of images, or a folder of such.
        naming: Names in a folder.
        is_folder: Whether ``target`` is a folder of targets whatever its name.

    Returns:
        The target of each source, and whether they lie in a folder.

    Raises:
        ValueError: If two sources have the same target, a target is its own source, or a folder has no videos.
    """
    folder = Path(target)
    ends_in_slash = is_folder or str(target).endswith(('/', os.sep))
    is_file_name = (
        folder.suffix.lower() in {*VIDEO_SUFFIXES, *IMAGE_SUFFIXES, *ANIMATION_SUFFIXES} and not folder.is_dir()
    )
    found: dict[Path, Path] = {}
    is_many = len(sources) > 1
    for source in map(Path, sources):
        videos = _videos(source, folder, naming.recursive)
        if is_file_name and not ends_in_slash and source.is_dir() and list_images(source):
            videos = {}
        is_many |= bool(videos)
        for path, name in (videos or {source: Path(_own_name(source))}).items():
            found[path] = name
    if not (is_many or is_folder):
        (source,) = found
        is_sequence = source.is_dir() or not source.exists()
        if not (naming.ext is not None if is_sequence else ends_in_slash or _takes_videos(folder)):
            if is_sequence and naming.suffix:
                raise ValueError(
                    f'suffix {naming.suffix!r} is for names of files, but the images of {source} keep theirs; omit it'
                )
            if naming.ext is not None or naming.suffix:
                raise ValueError(f'ext and suffix name files in a folder; end the target with a slash: {folder}/')
            return {source: folder}, False
    elif not ends_in_slash and (is_file_name or folder.is_file()):
        if all(path.suffix.lower() in IMAGE_SUFFIXES for path in found):
            raise ValueError(
                f'{next(iter(found))} and {len(found) - 1} more are images: for one video, name their folder or '
                f'put the pattern in quotes; for an image of each, name a folder instead of {folder}'
            )
        raise ValueError(
            f'{len(found)} sources are upscaled into a folder, but the target is {folder}; name a folder, or end the '
            f'name with a slash: {folder}/'
        )
    return _named(found, folder, naming), True


def _videos(source: Path, target: Path, recursive: bool) -> dict[Path, Path]:
    """Relative path of each source that a folder or a glob stands for; empty if it is a sequence of images.

    With videos each image is a source of its own, and so is each animated image unless it lies beside images only.
    """
    if source.is_dir():
        outside = target.resolve()
        is_within = outside != source.resolve()
        videos = [
            path
            for path in list_videos(source, recursive, SEVERAL_FRAMES)
            if not (is_within and outside in path.resolve().parents)
        ]
        folders = dict.fromkeys(path.parent for path in videos)
        images = {folder: list_images(folder) for folder in folders}
        films = {path.parent for path in videos if path.suffix.lower() in VIDEO_SUFFIXES}
        videos = [path for path in videos if path.parent in films or not images[path.parent]]
        if (
            not videos
            and not recursive
            and not list_images(source)
            and (below := list_videos(source, suffixes=SEVERAL_FRAMES))
        ):
            raise ValueError(f'{source} has videos in subfolders only, such as {below[0]}; use --recursive')
        for folder in folders:
            videos += images[folder] if folder in films else []
        return {path: path.relative_to(source) for path in videos}
    if not source.exists() and has_magic(str(source)):
        found = sorted(map(Path, glob(str(source))), key=lambda path: natural_key(str(path)))
        videos = [path for path in found if path.suffix.lower() in VIDEO_SUFFIXES]
        has_images = any(path.suffix.lower() in IMAGE_SUFFIXES for path in found)
        if videos or not has_images:
            videos = [path for path in found if path.suffix.lower() in SEVERAL_FRAMES]
        return {path: Path(path.name) for path in videos}
    return {}


def _own_name(source: Path) -> str:
    return source.resolve().name if source.name in ('', '..') else source.name


def _takes_videos(folder: Path) -> bool:
    """Whether a folder exists and is not the folder of images of an earlier run."""
    if not folder.is_dir() or ResumableOutput(folder, is_folder=True).path.exists():
        return False
    names = [path.name for path in folder.iterdir()]
    return not names or not all(name.endswith('.png') and name[:-4].isdecimal() for name in names)


def _named(found: Mapping[Path, Path], folder: Path, naming: Naming) -> dict[Path, Path]:
    wanted = {source: _target_name(source, name, naming) for source, name in found.items()}
    # Sources that differ in their endings only keep them: a.mpg beside a.mkv becomes a.mpg.mkv.
    shared = Counter(wanted.values())
    for source, name in found.items():
        if shared[wanted[source]] > 1 and name.suffix != wanted[source].suffix:
            wanted[source] = name.with_name(f'{name.name}{naming.suffix}{wanted[source].suffix}')
    targets: dict[Path, Path] = {}
    written = {(folder / name).resolve(): source for source, name in wanted.items()}
    for source, name in wanted.items():
        target = folder / name
        if source.resolve() == target.resolve():
            raise ValueError(f'{source} is both source and target; name another folder, or use --suffix')
        if source.resolve() in written:
            continue  # the result of an earlier run in the same folder
        if target in targets.values():
            raise ValueError(f'two sources are called {name}; upscale them into different folders')
        targets[source] = target
    return targets


def becomes_images(source: Path, naming: Naming) -> bool:
    """Whether the target of a source of ``plan_targets`` is a folder of images."""
    return _becomes_images(source, naming, _kind(source))


def _becomes_images(source: Path, naming: Naming, kind: SourceKind | None) -> bool:
    if kind is None:
        return naming.ext in (None, '.png')
    suffix = source.suffix.lower()
    if kind == 'image' or (kind == 'animation' and suffix == '.png'):
        return False
    is_written = kind == 'film' or suffix not in IMAGE_SUFFIXES or suffix in ANIMATION_SUFFIXES
    return naming.ext == '.png' or (naming.ext is None and not is_written)


def _kind(source: Path) -> SourceKind | None:
    """What a source holds; None for a folder, glob or template of images."""
    return source_kind(source) if source.is_file() else None


def _target_name(source: Path, name: Path, naming: Naming) -> Path:
    kind = _kind(source)
    is_folder = _becomes_images(source, naming, kind)
    if kind is None:
        return name.with_name(name.name + naming.suffix + ('' if is_folder else naming.ext or ''))
    suffix = source.suffix.lower()
    if kind != 'image':
        is_kept = can_keep(suffix) or (kind == 'animation' and suffix in ANIMATION_SUFFIXES)
        ext = naming.ext or (source.suffix if is_kept else FALLBACK_EXT)
    else:
        # An image does not become a film.
        is_image = naming.ext is not None and can_write_image(naming.ext)
        ext = naming.ext if is_image else source.suffix if can_write_image(suffix) else '.png'
    return name.with_name(name.stem + naming.suffix + ('' if is_folder else ext))
