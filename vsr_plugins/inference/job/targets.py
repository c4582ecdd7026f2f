"""Name the targets of an upscale, and check that they may be written."""

import os
from pathlib import Path

from ...media.encoding.animations import WRITTEN as ANIMATION_SUFFIXES
from ...media.images.image_encoding import check_image
from ...media.images.image_files import IMAGE_SUFFIXES
from ...media.reading.animation_reader import AnimationReader
from ...media.reading.image_reader import ImageReader
from ...media.reading.video_reader import VideoReader
from .resumable_output import ResumableOutput


def name_targets(
    target: str | Path, images: str | Path | None, reader: VideoReader | ImageReader
) -> tuple[ResumableOutput | None, ResumableOutput | None]:
    """Return the video and the images to write, each None if it is not written.

    Images go into a folder, whose name ends in a slash or has no suffix; the image of a single one into a file. An
    animated PNG keeps its suffix.

    Raises:
        ValueError: If the target does not suit the source.
    """
    is_folder, target = str(target).endswith(('/', os.sep)), Path(target)
    is_folder |= target.is_dir()
    for path in (target, *([] if images is None else [Path(images)])):
        if path.name in ('', '..'):
            raise ValueError(f'{str(path)!r} cannot be a target; name a file or folder inside it')
    suffix = target.suffix.lower()
    is_still = is_single_image(reader)
    is_animation = suffix in ANIMATION_SUFFIXES and not is_still
    if suffix == '.png':
        is_animation = isinstance(reader, AnimationReader)
    if suffix in IMAGE_SUFFIXES and not is_animation and not is_folder:
        if not is_still:
            raise ValueError(f'{target} is an image file, but the source has several frames; name a folder for images')
        if images is not None:
            raise ValueError(f'with images={images} the target must be a video file, but got {target}')
        check_image(target)
        return None, ResumableOutput(target, has_images=True)
    names = reader.names() or ()
    if target.suffix and not is_folder:
        pictures = None if images is None else ResumableOutput(Path(images), True, True, names)
        return ResumableOutput(target), pictures
    if images is not None:
        raise ValueError(f'{target} is a folder, but with images={images} the target must be a video file')
    return None, ResumableOutput(target, True, True, names)


def is_single_image(reader: VideoReader | ImageReader) -> bool:
    """Whether a source is one image file, not a folder or a pattern of images."""
    return isinstance(reader, ImageReader) and reader.is_file and not isinstance(reader, AnimationReader)


def refuse_own_source(reader: VideoReader | ImageReader, video: Path | None, pictures: Path | None) -> None:
    """Raise if a target is the source, or if the folder of images contains the video."""
    own = {
        path.resolve()
        for path in ([reader.path] if reader.path else {*reader.paths, *(path.parent for path in reader.paths)})
    }
    for target in (video, pictures):
        if target is not None and target.exists() and target.resolve() in own:
            raise ValueError(f'{target} is both source and target; name another target')
    if video is not None and pictures is not None:
        file, folder = video.resolve(), pictures.resolve()
        if folder in (file, *file.parents):
            raise ValueError(f'the images cannot go to {pictures}, which contains {video}; name a separate folder')


def is_complete(works: list[ResumableOutput]) -> bool:
    """Whether an earlier run published all targets; it may have been killed while it cleaned up."""
    if not works[0].is_complete():
        return False
    for work in works[1:]:
        work.remove_if_published()
    return all(work.is_complete() for work in works)


def begin(works: list[ResumableOutput], settings: dict, force: bool, resume: bool) -> None:
    """Create the work folders of all targets, or of none."""
    for work in works:
        work.check(settings, force, resume)
    started: list[ResumableOutput] = []
    try:
        for work in works:
            work.begin(settings, force, resume)
            started.append(work)
            work.take_back_images()
            if work.has_images:
                work.frames.mkdir(exist_ok=True)
    except BaseException:
        for work in started:
            if not work.is_resumed:
                work.remove()
            work.unlock()
        raise
