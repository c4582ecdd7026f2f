"""Reading the frames of a video file that stands in the source as a clip."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from ..images import UnreadableError

VIDEO_SUFFIXES = frozenset(('.mp4', '.mkv', '.mov', '.avi', '.webm', '.m4v', '.y4m', '.mpg', '.mpeg', '.ts', '.wmv'))


def frames_of(path: Path) -> Iterator[np.ndarray]:
    """All frames of a video in their order, each (h, w, 3) uint8 RGB.

    Raises:
        UnreadableError: If it is no video, has no frame, or cannot be decoded to its end.
    """
    count = 0
    try:
        with av.open(str(path)) as container:
            stream = next(iter(container.streams.video), None)
            if stream is None:
                raise UnreadableError(f'{path} holds no video stream')
            for frame in container.decode(stream):
                yield frame.to_ndarray(format='rgb24')
                count += 1
    except av.FFmpegError as error:
        raise UnreadableError(f'{path} cannot be decoded after {count} frames: {error}') from error
    if not count:
        raise UnreadableError(f'{path} holds no frame')


def probe_video(path: Path) -> tuple[int, int]:
    """The size (h, w) of a video's first frame.

    Raises:
        UnreadableError: If not one frame can be decoded.
    """
    frames = frames_of(path)
    try:
        return next(frames).shape[:2]
    finally:
        frames.close()
