"""Frames as passed from a reader to a network and from there to a writer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np


@dataclass(frozen=True)
class InputFrame:
    """A frame of a source.

    Attributes:
        pixels: (h, w, 3) RGB, uint8 or uint16, upright.
        index: Its number in the span that is upscaled, from 0.
        pts: Presentation time, in the time base of the source.
        duration: Duration, in the time base of the source.
        begins_scene: Whether it is the first frame after a cut.
        alpha: (h, w) opacity, of the type of the pixels; None if the frame is opaque.
        icc_profile: ICC profile of its RGB colours; None for sRGB, or where the video declares its colours.
    """

    pixels: np.ndarray
    index: int
    pts: int
    duration: int
    begins_scene: bool = False
    alpha: np.ndarray | None = None
    icc_profile: bytes | None = None


@dataclass(frozen=True)
class OutputFrame:
    """A frame to write.

    Attributes:
        pixels: (H, W, 3) RGB, uint8 or uint16 as its source frame.
        source: Index of its source frame.
        pts: Presentation time, in the time base of the output.
        duration: Duration, in the time base of the output.
        alpha: (H, W) opacity, as of ``InputFrame``.
        icc_profile: As of ``InputFrame``.
    """

    pixels: np.ndarray
    source: int
    pts: int
    duration: int
    alpha: np.ndarray | None = None
    icc_profile: bytes | None = None


def split_scenes(frames: Iterable[InputFrame]) -> Iterator[Iterator[InputFrame]]:
    """Yield the scenes of a video lazily: each must be consumed before the next is requested."""
    frames = iter(frames)
    ahead = list(islice(frames, 1))

    def scene(first: InputFrame) -> Iterator[InputFrame]:
        yield first
        for frame in frames:
            if frame.begins_scene:
                ahead.append(frame)
                return
            yield frame

    while ahead:
        yield scene(ahead.pop())


def size_of(pixels: np.ndarray) -> tuple[int, int]:
    """Return (h, w) of pixels, (h, w) or (h, w, c)."""
    return pixels.shape[0], pixels.shape[1]


def in_8_bits(pixels: np.ndarray) -> np.ndarray:
    """Return uint8 or uint16 pixels as uint8."""
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)
