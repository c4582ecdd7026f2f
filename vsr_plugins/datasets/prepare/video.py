"""Reading the frames of a video file that stands in the source as a clip."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType

from ..images import UnreadableError

VIDEO_SUFFIXES = frozenset(('.mp4', '.mkv', '.mov', '.avi', '.webm', '.m4v', '.y4m', '.mpg', '.mpeg', '.ts', '.wmv'))


def decode(path: Path) -> Iterator[av.VideoFrame]:
    """All frames of a video in the order they are shown.

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
                yield frame
                count += 1
    except av.FFmpegError as error:
        raise UnreadableError(f'{path} cannot be decoded after {count} frames: {error}') from error
    if not count:
        raise UnreadableError(f'{path} holds no frame')


def rgb_of(frame: av.VideoFrame) -> np.ndarray:
    """The pixels of a decoded frame, (h, w, 3) uint8 RGB."""
    return frame.to_ndarray(format='rgb24')


def is_key_frame(frame: av.VideoFrame) -> bool:
    """Whether a frame is coded without reference to others, what ffmpeg selects by ``eq(pict_type,I)``."""
    return frame.pict_type == PictureType.I


def probe_video(path: Path) -> tuple[int, int]:
    """The size (h, w) of a video's first frame.

    Raises:
        UnreadableError: If not one frame can be decoded.
    """
    frames = decode(path)
    try:
        return rgb_of(next(frames)).shape[:2]
    finally:
        frames.close()
