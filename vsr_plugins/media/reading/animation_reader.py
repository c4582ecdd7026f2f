"""Read files that hold several pictures: animated GIF, PNG, WebP and AVIF, and TIFF with pages."""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ..alpha import fill_hidden
from ..frames import InputFrame, in_8_bits, size_of
from ..images.image_files import (
    DAMAGE_ERRORS,
    Picture,
    UnreadableError,
    bits_per_channel,
    open_image,
    read_deep_page,
    to_picture,
)
from .image_reader import ImageReader
from .reader_info import DEFAULT_FPS, ReaderInfo
from .seek import NOTICED, T, Timed, trim
from .shots import CutDetector

# Formats of Pillow; others, such as the JPEG of a camera, hold a preview beside the picture.
ANIMATED = ('GIF', 'PNG', 'WEBP', 'AVIF', 'TIFF')
# Suffixes of files that are animated as a rule; others of these formats are still images as a rule.
ANIMATED_SUFFIXES = frozenset(('.gif', '.apng'))
# Times are whole multiples of a millisecond, or of a fraction of one that is no shorter than this.
SHORTEST_UNIT = Fraction(1, 10**6)
# Browsers show frames of at most 10 ms for 100 ms.
TOO_SHORT, USUAL_DURATION = Fraction(10, 1000), Fraction(100, 1000)
# PNG counts the parts of a second in 16 bits; GIF and WebP have milliseconds.
MAX_DENOMINATOR = 65535
# GIF and WebP count in 16 bits.
MAX_PLAYS = 65535


def count_pictures(path: Path) -> int:
    """Count the pictures of one size in an image file; 1 if it is not animated, or cannot be read."""
    try:
        with open_image(path) as image:
            count = getattr(image, 'n_frames', 1) if image.format in ANIMATED else 1
            if count > 1 and image.format == 'TIFF':
                # Pages of other sizes are previews.
                size = image.size
                image.seek(1)
                count = count if image.size == size else 1
            return count
    except DAMAGE_ERRORS:
        return 1


class AnimationReader(ImageReader):
    """Reads the pictures of an image file as the frames of a video, with their durations.

    Args:
        path: The file.
        fps: Frames per second, for files without times; 25 by default.

    Raises:
        UnreadableError: If the file cannot be read.
        ValueError: If ``fps`` is given for a file with times.
    """

    def __init__(self, path: Path, fps: Fraction | None = None) -> None:
        self.paths, self.is_file = [path], True
        self.damage: str | None = None
        seconds: list[Fraction] = []
        size, is_opaque = (0, 0), True
        self.loop, is_timed, is_deep, profile = 0, True, False, None
        for picture, image in self._pictures():
            if not seconds:
                size, is_timed = size_of(picture.pixels), image.format != 'TIFF'
                self.loop, profile = _plays(image), picture.icc_profile
            is_deep |= picture.pixels.dtype == np.uint16
            is_opaque &= picture.alpha is None or bool(picture.alpha.min() == np.iinfo(picture.alpha.dtype).max)
            seconds.append(_seconds(image))
        if fps is not None and is_timed:
            raise ValueError(f'{path} is an animation with its own times, but got fps={fps}; omit --fps')
        count = len(seconds)
        if not is_timed:
            seconds = [1 / (fps or DEFAULT_FPS)] * count
        time_base, self.durations = _in_ticks(seconds)
        self.fps = rate = count / (sum(self.durations) * time_base)
        pix_fmt = 'yuv420p16le' if is_deep else 'yuv420p'
        self.info = ReaderInfo(
            size, time_base, rate, count, pix_fmt=pix_fmt, has_alpha=not is_opaque, icc_profile=profile
        )

    def _pictures(self) -> Iterator[tuple[Picture, Image.Image]]:
        """Decode the pictures one after the other."""
        (path,) = self.paths
        number = 0
        try:
            with open_image(path) as image:
                for number in range(image.n_frames):
                    image.seek(number)
                    if image.format == 'TIFF' and bits_per_channel(path, image) > 8:
                        yield read_deep_page(path, number, image.info.get('icc_profile')), image
                        continue
                    image.load()
                    yield to_picture(ImageOps.exif_transpose(image)), image
        except DAMAGE_ERRORS as error:
            raise UnreadableError(f'{path} cannot be read at picture {number}: {error}') from error

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """Yield the frames between ``start`` and ``start + duration`` seconds, from number ``first`` of them on.

        Raises:
            UnreadableError: If a picture cannot be read.
        """
        is_cut = CutDetector()
        for index, (picture, pts, ticks) in enumerate(self._span(start, duration, self._timed())):
            if index < first:
                continue
            pixels, alpha = picture.pixels, picture.alpha if self.info.has_alpha else None
            pixels = pixels if alpha is None else fill_hidden(pixels, alpha)
            cut = is_cut(in_8_bits(pixels))
            yield InputFrame(pixels, index, pts, ticks, cut, alpha, picture.icc_profile)

    def count(self, start: float = 0.0, duration: float | None = None) -> int:
        """Count the frames between ``start`` and ``start + duration`` seconds."""
        times = [sum(self.durations[:number]) for number in range(len(self.durations))]
        return sum(1 for _ in self._span(start, duration, zip(times, times, self.durations, strict=True)))

    def names(self, start: float = 0.0, duration: float | None = None) -> None:
        """Pictures of a file have no names."""
        return

    def _timed(self) -> Iterator[Timed[Picture]]:
        time = 0
        for (picture, _), ticks in zip(self._pictures(), self.durations, strict=True):
            yield picture, time, ticks
            time += ticks

    def _span(self, start: float, duration: float | None, timed: Iterator[Timed[T]]) -> Iterator[Timed[T]]:
        unit = self.info.time_base
        earliest = round(Fraction(start).limit_denominator(10**6) / unit)
        latest = None if duration is None else earliest + Fraction(duration).limit_denominator(10**6) / unit
        mean_duration = max(round(1 / (self.info.rate * unit)), 1)
        return trim(timed, earliest, latest, bool(start), mean_duration, NOTICED / unit)


def _plays(image: Image.Image) -> int:
    """How often an animation is played, 0 for ever."""
    loop = image.info.get('loop')
    if image.format == 'GIF':
        # It counts repetitions, 0 for ever, and is played once without a count.
        loop = 1 if loop is None else loop and loop + 1
    return min(loop or 0, MAX_PLAYS)


def _seconds(image: Image.Image) -> Fraction:
    """How long the present picture of an animation is shown."""
    seconds = Fraction((image.info.get('duration') or 0) / 1000).limit_denominator(MAX_DENOMINATOR)
    return seconds if seconds > TOO_SHORT else USUAL_DURATION


def _in_ticks(seconds: list[Fraction]) -> tuple[Fraction, list[int]]:
    """Return a unit of time, and durations in it; exact unless they have no common unit of a microsecond or more."""
    if len(set(seconds)) == 1:
        return seconds[0], [1] * len(seconds)
    unit = max(Fraction(1, math.lcm(1000, *(one.denominator for one in seconds))), SHORTEST_UNIT)
    ends = [round(end / unit) for end in accumulate(seconds)]
    return unit, [end - begin for begin, end in pairwise((0, *ends))]
