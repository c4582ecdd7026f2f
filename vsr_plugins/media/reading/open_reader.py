"""Open a source by its name: a video file, an animation, an image, a folder, a glob or a template of images."""

import re
from dataclasses import replace
from fractions import Fraction
from glob import escape, glob, has_magic
from pathlib import Path
from typing import Literal

from ..images.image_files import IMAGE_SUFFIXES, UnreadableError, list_images, natural_key
from .animation_reader import ANIMATED_SUFFIXES, AnimationReader
from .image_reader import ImageReader
from .source_kind import source_kind
from .video_reader import VideoReader


def open_reader(
    source: str | Path, fps: Fraction | None = None, deinterlace: bool | Literal['fields'] = True
) -> VideoReader | ImageReader:
    """Open a video file, a folder of images, a glob of images, or a template such as ``frame_%04d.png``.

    Args:
        source: Path, glob or template.
        fps: Frames per second, for images only.
        deinterlace: See ``VideoReader``.

    Raises:
        FileNotFoundError: If nothing has that name.
        ValueError: If there are no images, ``fps`` is given for a video, or the source cannot be read.
    """
    path = Path(source)
    if path.is_dir():
        if not (images := list_images(path)):
            raise UnreadableError(f'{path} is a folder without images; name a folder of frames or a video file')
        reader = ImageReader(images, fps)
        left_out = sorted(one.name for one in path.iterdir() if one.suffix.lower() in ANIMATED_SUFFIXES)
        if left_out:
            warning = f'the images are a sequence, without {", ".join(left_out)}: upscale them by their own names'
            reader.info = replace(reader.info, warnings=(warning,))
        return reader
    if not path.exists():
        images = _matches(str(source))
        if images:
            return ImageReader(images, fps)
        raise FileNotFoundError(
            f'there is no video, folder or image at {path.absolute()}'
            + (', and no image matches this pattern' if _is_pattern(str(source)) else '')
        )
    kind = source_kind(path)
    if kind != 'film':
        return AnimationReader(path, fps) if kind == 'animation' else ImageReader([path], fps, is_file=True)
    if fps is not None:
        raise ValueError(f'{path} is a video with its own frame rate, but got fps={fps}; omit --fps, it is for images')
    return VideoReader(path, deinterlace)


def _matches(pattern: str) -> list[Path]:
    found = re.search(r'%0?\d*d', pattern)
    if found:
        folder, name = Path(pattern).parent, Path(pattern).name
        head, _, tail = name.partition(found.group()) if found.group() in name else (name, '', '')
        numbered = re.compile(re.escape(head) + r'\d+' + re.escape(tail))
        paths = [path for path in folder.iterdir() if numbered.fullmatch(path.name)] if folder.is_dir() else []
    elif has_magic(pattern):
        folder, name = Path(pattern).parent, Path(pattern).name
        # The name of an existing folder is taken literally, including brackets.
        pattern = str(Path(escape(str(folder))) / name) if folder.is_dir() else pattern
        paths = [path for path in map(Path, glob(pattern)) if path.suffix.lower() in IMAGE_SUFFIXES]
    else:
        return []
    return sorted(paths, key=lambda path: natural_key(path.name))


def _is_pattern(name: str) -> bool:
    return has_magic(name) or re.search(r'%0?\d*d', name) is not None
