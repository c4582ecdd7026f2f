"""Clips to be scored: folders of images and video files, read frame by frame."""

from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

import numpy as np

from ..media.images.image_files import UnreadableError, list_images, natural_key, probe, read_rgb_deep
from ..media.reading.animation_reader import AnimationReader
from ..media.reading.decoding import VIDEO_SUFFIXES, RgbReader, decode
from ..media.reading.source_kind import SourceKind, source_kind
from ..media.video_files import open_media

# A value of 16 bits for a value of 8.
DEEP = 257.0


class ImageClip:
    """Images in natural order.

    Args:
        paths: The images.
    """

    rate = None
    notes: tuple[str, ...] = ()

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths
        self.place = paths[0].parent

    def __len__(self) -> int:
        """Number of frames."""
        return len(self.paths)

    def name(self, index: int) -> str:
        """Path of a frame."""
        return str(self.paths[index])

    def size(self, index: int) -> tuple[int, int]:
        """Height and width of a frame.

        Raises:
            UnreadableError: If the image is damaged.
        """
        try:
            return probe(self.paths[index]).size
        except UnreadableError:
            # Of more than 8 bits, unless it is damaged.
            h, w = read_rgb_deep(self.paths[index]).shape[:2]
            return h, w

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yield frames (h, w, 3) RGB in [0, 255]: uint8, or float32 for images of 16 bits."""
        for index in indices:
            yield _in_8_bits(read_rgb_deep(self.paths[index]))


class VideoClip:
    """The frames of a video file; it is decoded once to count them, since its header may be wrong.

    Args:
        path: The file.

    Attributes:
        notes: Facts about the file that affect a score.
    """

    def __init__(self, path: Path) -> None:
        self.path = self.place = path
        with open_media(path) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise UnreadableError(f'{path} has no video stream')
            self.rate = stream.average_rate
            codec, pix_fmt, matrix = stream.codec_context.name, stream.pix_fmt, stream.codec_context.colorspace
        self.notes = (f'{path} is a video ({codec}, {pix_fmt}): its coding is measured too',)
        if int(matrix) == 2 and not str(pix_fmt).startswith(('rgb', 'gbr', 'bgr')):
            self.notes += (f'{path} declares no colour matrix: BT.601 is assumed for small frames, else BT.709',)

    @cached_property
    def _counted(self) -> tuple[int, tuple[int, int]]:
        count, size = 0, (0, 0)
        for frame in decode(self.path):
            if not count:
                h, w = RgbReader()(frame).shape[:2]
                size = h, w
            count += 1
        return count, size

    def __len__(self) -> int:
        """Number of frames.

        Raises:
            UnreadableError: If the file cannot be decoded to its end.
        """
        return self._counted[0]

    def name(self, index: int) -> str:
        """Name of a frame for messages."""
        return f'frame {index} of {self.path}'

    def size(self, index: int) -> tuple[int, int]:
        """Height and width of the frames."""
        return self._counted[1]

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yield frames (h, w, 3) RGB in [0, 255], of increasing indices."""
        read, wanted = RgbReader(keep_depth=True), iter(indices)
        index = next(wanted, None)
        for number, frame in enumerate(decode(self.path)):
            if index is None:
                return
            if number == index:
                yield _in_8_bits(read(frame))
                index = next(wanted, None)


class AnimationClip:
    """The pictures of an animated image.

    Args:
        path: The file.
    """

    notes: tuple[str, ...] = ()

    def __init__(self, path: Path) -> None:
        self.path = self.place = path
        self.reader = AnimationReader(path)
        self.rate = self.reader.info.rate

    def __len__(self) -> int:
        """Number of frames."""
        return self.reader.count()

    def name(self, index: int) -> str:
        """Name of a frame for messages."""
        return f'frame {index} of {self.path}'

    def size(self, index: int) -> tuple[int, int]:
        """Height and width of the frames."""
        return self.reader.info.size

    def frames(self, indices: Iterable[int]) -> Iterator[np.ndarray]:
        """Yield frames (h, w, 3) RGB in [0, 255], of increasing indices."""
        wanted = set(indices)
        for frame in self.reader.frames():
            if frame.index in wanted:
                yield _in_8_bits(frame.pixels)


Clip = ImageClip | AnimationClip | VideoClip
CLIPS: dict[SourceKind, type[AnimationClip | VideoClip]] = {'animation': AnimationClip, 'film': VideoClip}


def find_clips(source: str | Path) -> dict[str, Clip]:
    """Return the clips of a video file, of an image or of a folder.

    The clips of a folder are its sub-folders that contain images, and its video files; or, if it contains images, the
    folder itself. Hidden folders are excluded, as hidden files are.

    Args:
        source: A video file, an image, or a folder.

    Returns:
        Clip by name, in natural order. A clip's name is its path below ``source``, without the suffix of a video; the
        name of a single clip is ``''``.

    Raises:
        FileNotFoundError: If the source does not exist, or a folder contains neither image nor video.
        ValueError: If both a folder and its sub-folders contain images, or two clips have one name.
        UnreadableError: If a file is neither image nor video.
    """
    source = Path(source)
    if source.is_file():
        kind = source_kind(source)
        return {'': ImageClip([source]) if kind == 'image' else CLIPS[kind](source)}
    if not source.is_dir():
        raise FileNotFoundError(f'{source} is neither a folder nor a file')
    entries = (path for path in source.rglob('*') if not _is_hidden(path.relative_to(source)))
    clips: dict[str, Clip] = {}
    for path in sorted(entries, key=lambda path: natural_key(path.relative_to(source).as_posix())):
        clip: Clip | None = None
        if path.is_dir():
            images = list_images(path)
            clip = ImageClip(images) if images else None
        elif path.suffix.lower() in VIDEO_SUFFIXES:
            clip = VideoClip(path)
        if clip is None:
            continue
        below = path.relative_to(source)
        name = (below if path.is_dir() else below.with_suffix('')).as_posix()
        if name in clips:
            raise ValueError(f'{source} has two clips called {name}: {clips[name].place} and {path}')
        clips[name] = clip
    directly = list_images(source)
    if directly and clips:
        raise ValueError(f'{source} contains images and other clips ({next(iter(clips))}, ...): remove one kind')
    if not directly and not clips:
        raise FileNotFoundError(f'no image and no video in {source} or below it')
    return clips or {'': ImageClip(directly)}


def pairing_notes(name: str, predicted: Clip, truth: Clip) -> Iterator[str]:
    """Yield what a person would want to know of two clips that are compared frame by frame, one sentence each."""
    yield from (*predicted.notes, *truth.notes)
    if isinstance(predicted, ImageClip) and isinstance(truth, ImageClip):
        pairs = list(zip(predicted.paths, truth.paths, strict=False))
        others = [(a, b) for a, b in pairs if _number(a) != _number(b)]
        if others and len(pairs) > 1:
            a, b = others[0]
            yield (
                f'{name or truth.place}: {len(others)} of {len(pairs)} frames have other numbers and are paired by '
                f'their order: {a.name} with {b.name}'
            )
    elif predicted.rate and truth.rate and predicted.rate != truth.rate:
        yield (
            f'{name or truth.place}: {float(predicted.rate):g} and {float(truth.rate):g} frames a second; frames are '
            'paired by their order, not by their time'
        )


def _number(path: Path) -> tuple:
    """The numbers in a file name, without leading zeros and prefix; the name if it has none."""
    digits = ''.join(letter if letter.isdigit() else ' ' for letter in path.stem).split()
    return (int(digits[-1]),) if digits else (path.stem,)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith('.') for part in path.parts)


def _in_8_bits(image: np.ndarray) -> np.ndarray:
    return image if image.dtype == np.uint8 else image.astype(np.float32) / DEEP
