"""Tell a still image, an animated image and a film apart."""

from pathlib import Path
from typing import Literal

import av

from ..images.image_files import IMAGE_SUFFIXES, image_suffix
from ..video_files import open_media, video_stream
from .animation_reader import ANIMATED_SUFFIXES, count_pictures

SourceKind = Literal['image', 'animation', 'film']
# Pictures one after the other, without a container: the first looks like an image file.
RAW_JPEGS = frozenset(('.mjpeg', '.mjpg'))


def source_kind(path: Path) -> SourceKind:
    """Return what a file holds: one picture, several with durations, or a film.

    The content decides, and so a film with the suffix of an image is a film. Of a file that nobody recognises, the
    suffix tells what it was meant to be.

    Args:
        path: An existing file.
    """
    suffix = path.suffix.lower()
    if suffix not in RAW_JPEGS and image_suffix(path):
        return 'animation' if count_pictures(path) > 1 else 'image'
    if suffix in IMAGE_SUFFIXES | ANIMATED_SUFFIXES and not _is_film(path):
        return 'animation' if suffix in ANIMATED_SUFFIXES else 'image'
    return 'film'


def _is_film(path: Path) -> bool:
    """Whether FFmpeg finds a film in a file that Pillow does not know; its readers of images find none here."""
    try:
        with open_media(path) as container:
            name = container.format.name
            return not name.endswith('_pipe') and name != 'image2' and video_stream(container) is not None
    except (av.FFmpegError, ValueError):
        return False
