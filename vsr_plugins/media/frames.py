"""Frames between a reader, a network and a writer."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np


@dataclass(frozen=True)
class InputFrame:
    """A frame that was read.

    Attributes:
        pixels: (h, w, 3) RGB, uint8 or uint16, upright.
        index: Its number in the stretch that is upscaled, from 0.
        pts: When it is shown, in the time base of its source.
        duration: For how long, likewise.
        begins_scene: It lies behind a cut.
    """

    pixels: np.ndarray
    index: int
    pts: int
    duration: int
    begins_scene: bool = False


@dataclass(frozen=True)
class OutputFrame:
    """A frame to write.

    Attributes:
        pixels: (H, W, 3) RGB, uint8 or uint16 as the frame it was made of.
        source: Number of the frame that it was made of.
        pts: When it is shown, in the time base of the output.
        duration: For how long, likewise.
    """

    pixels: np.ndarray
    source: int
    pts: int
    duration: int


def split_scenes(frames: Iterable[InputFrame]) -> Iterator[Iterator[InputFrame]]:
    """The scenes of a video, none of them held: each must be used up before the next is asked for."""
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
