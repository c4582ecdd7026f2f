"""What an upscale makes, and whether it may."""

from pathlib import Path

from ...media.images import IMAGE_SUFFIXES
from ...media.readers import ImageReader, VideoReader
from .resumable_output import ResumableOutput


def name_targets(target: Path, images: str | Path | None) -> tuple[Path | None, Path | None]:
    """The video and the folder of images to make."""
    for path in (target, *([] if images is None else [Path(images)])):
        if path.name in ('', '..'):
            raise ValueError(f'{str(path)!r} is no name of a file or folder to make; name one inside it')
    if target.suffix.lower() in IMAGE_SUFFIXES:
        raise ValueError(f'{target}: images are written into a folder, which is to be named instead')
    if target.suffix and not target.is_dir():
        return target, None if images is None else Path(images)
    if images is not None:
        raise ValueError(f'{target} has no ending of a video file, and images are to go to {images}: name a video')
    return None, target


def refuse_own_source(reader: VideoReader | ImageReader, video: Path | None, pictures: Path | None) -> None:
    """The source is never what is written to, nor is one target what holds the other."""
    own = {path.resolve() for path in ([reader.path] if reader.path else {path.parent for path in reader.paths})}
    for target in (video, pictures):
        if target is not None and target.exists() and target.resolve() in own:
            raise ValueError(f'{target} is what is read; name another target')
    if video is not None and pictures is not None:
        file, folder = video.resolve(), pictures.resolve()
        if folder in (file, *file.parents):
            raise ValueError(f'{pictures} is where {video} goes; the images need a folder of their own')


def is_complete(works: list[ResumableOutput]) -> bool:
    """Whether an earlier run made all; it may have been ended while it tidied up."""
    if not works[0].is_complete():
        return False
    for work in works[1:]:
        work.tidy()
    return all(work.is_complete() for work in works)


def begin(works: list[ResumableOutput], settings: dict, force: bool, resume: bool) -> None:
    """Make the work folders of all targets, or of none."""
    for work in works:
        work.check(settings, force, resume)
    begun: list[ResumableOutput] = []
    try:
        for work in works:
            work.begin(settings, force, resume)
            begun.append(work)
            work.put_back()
            if work.is_folder:
                work.frames.mkdir(exist_ok=True)
    except BaseException:
        for work in begun:
            if not work.is_resumed:
                work.remove()
        raise
