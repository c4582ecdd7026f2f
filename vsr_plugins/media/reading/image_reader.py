"""Read a sequence of images as the frames of a video."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from ..alpha import fill_hidden
from ..frames import InputFrame, in_8_bits, size_of
from ..images.image_files import UnreadableError, probe, read_picture
from .reader_info import DEFAULT_FPS, ReaderInfo
from .shots import CutDetector


class ImageReader:
    """Reads images in natural order as the frames of a video.

    Args:
        paths: The images.
        fps: Frames per second; 25 by default.
        is_file: Whether the source is a single image file, and not a sequence that may have one image only.

    Raises:
        UnreadableError: If an image cannot be read, or differs in size from the first.
    """

    path: Path | None = None
    first_time = Fraction(0)
    time_offsets: tuple[Fraction, ...] = ()

    def __init__(self, paths: list[Path], fps: Fraction | None = None, is_file: bool = False) -> None:
        self.paths, self.is_file = paths, is_file
        self.fps = fps or DEFAULT_FPS
        self.damage: str | None = None
        opening = read_picture(paths[0])
        first, has_alpha = opening.pixels, opening.alpha is not None
        for path in paths[1:]:
            found = probe(path, any_depth=True)
            if found.size != first.shape[:2]:
                raise UnreadableError(f'{path} is {_size(found.size)}, but {paths[0]} is {_size(first.shape)}')
            has_alpha |= found.has_alpha
        pix_fmt = 'yuv420p' if first.dtype == np.uint8 else 'yuv420p16le'
        self.info = ReaderInfo(
            size_of(first),
            1 / self.fps,
            self.fps,
            len(paths),
            pix_fmt=pix_fmt,
            has_alpha=has_alpha,
            icc_profile=opening.icc_profile,
        )

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """Yield the frames between ``start`` and ``start + duration`` seconds, from number ``first`` of them on.

        Raises:
            UnreadableError: If an image cannot be read, or differs in size from the first.
        """
        is_cut = CutDetector()
        for index, path in enumerate(self._trimmed(start, duration)):
            if index < first:
                continue
            picture = read_picture(path)
            pixels = picture.pixels if picture.alpha is None else fill_hidden(picture.pixels, picture.alpha)
            cut = is_cut(in_8_bits(pixels))
            yield InputFrame(pixels, index, index, 1, cut, picture.alpha, picture.icc_profile)

    def count(self, start: float = 0.0, duration: float | None = None) -> int:
        """Count the frames between ``start`` and ``start + duration`` seconds."""
        return len(self._trimmed(start, duration))

    def names(self, start: float = 0.0, duration: float | None = None) -> list[str] | None:
        """Return the names of the frames without their endings.

        Raises:
            ValueError: If two images differ in their endings only.
        """
        first: dict[str, Path] = {}
        for path in self._trimmed(start, duration):
            if first.setdefault(path.stem, path) is not path:
                raise ValueError(
                    f'{first[path.stem]} and {path} have the same name; select one kind with a quoted pattern, such as '
                    f"'{path.with_name('*' + path.suffix)}'"
                )
        return list(first)

    def _trimmed(self, start: float, duration: float | None) -> list[Path]:
        begin = -(-Fraction(start).limit_denominator(10**6) * self.fps // 1)
        end = None if duration is None else -(-Fraction(start + duration).limit_denominator(10**6) * self.fps // 1)
        return self.paths[int(begin) : end if end is None else int(end)]


def _size(size: tuple[int, ...]) -> str:
    return f'{size[1]}x{size[0]}'
