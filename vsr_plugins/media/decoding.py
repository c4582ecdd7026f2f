"""Reading the frames of a video file that stands in the source as a clip."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

from .images import UnreadableError
from .video_files import open_media

VIDEO_SUFFIXES = frozenset(('.mp4', '.mkv', '.mov', '.avi', '.webm', '.m4v', '.y4m', '.mpg', '.mpeg', '.ts', '.wmv'))

# SWS_BICUBIC, SWS_ACCURATE_RND, SWS_FULL_CHR_H_INT and SWS_FULL_CHR_H_INP of FFmpeg: PyAV has names for the last three
# from 18 on, which needs Python 3.11, and takes numbers in all versions.
ACCURATE = 0x4 | 0x40000 | 0x2000 | 0x4000
# FFmpeg's numbers of matrices; 0 is that of RGB, 2 and 3 say nothing.
BT709, BT601 = 1, 6
UNSPECIFIED_MATRICES = (0, 2, 3)
LARGEST_SD = (1024, 576)


def decode(path: Path) -> Iterator[av.VideoFrame]:
    """All frames of a video in the order they are shown.

    Raises:
        UnreadableError: If it is no video, has no frame, or cannot be decoded to its end.
    """
    count = 0
    try:
        with open_media(path) as container:
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


class RgbReader:
    """Decoded frames of one video as pixels as they are to be seen: upright, with the colours that the file says.

    Where it does not say by which matrix its colours were coded, frames of up to ``LARGEST_SD`` are taken for BT.601
    and larger ones for BT.709, as players do.

    Args:
        keep_depth: Give frames of more than 8 bits as uint16.
    """

    def __init__(self, keep_depth: bool = False) -> None:
        self.keep_depth = keep_depth
        # A frame that converts itself starts threads of its own for it.
        self._reformatter = VideoReformatter()
        self._rotation: int | None = None
        self._display_matrix: bytes | None = None

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """(h, w, 3) RGB, uint8, or uint16 over all its range."""
        deep = self.keep_depth and max(component.bits for component in frame.format.components) > 8
        if not frame.format.is_rgb:
            frame.colorspace = matrix_of(frame)
        # A frame whose side data were looked at refers to itself, and stays until the garbage collector comes.
        if frame.rotation != self._rotation:
            self._rotation, matrix = frame.rotation, frame.side_data.get('DISPLAYMATRIX')
            self._display_matrix = None if matrix is None else bytes(matrix)
        rgb = self._reformatter.reformat(
            frame, format='rgb48le' if deep else 'rgb24', interpolation=ACCURATE, threads=1
        )
        return upright(rgb.to_ndarray(), self._display_matrix)


def matrix_of(frame: av.VideoFrame) -> int:
    """FFmpeg's number of the matrix that a frame's colours are coded by, never the one for 'unspecified'."""
    if frame.colorspace not in UNSPECIFIED_MATRICES:
        return frame.colorspace
    return usual_matrix(frame.height, frame.width)


def usual_matrix(height: int, width: int) -> int:
    """FFmpeg's number of the matrix that players take where a file does not say."""
    longer, shorter = max(height, width), min(height, width)
    return BT601 if longer <= LARGEST_SD[0] and shorter <= LARGEST_SD[1] else BT709


def upright(pixels: np.ndarray, display_matrix: bytes | None) -> np.ndarray:
    """Turn and mirror pixels, (h, w, c), by a video's display matrix; angles other than right ones are left to players.

    Args:
        pixels: As they were decoded.
        display_matrix: FFmpeg's, nine numbers of which the first two rows say where x and y go; None for none.
    """
    if display_matrix is None:
        return pixels
    (a, b), (c, d) = np.sign(np.frombuffer(display_matrix, np.int32).reshape(3, 3)[:2, :2])
    if (a == 0) != (d == 0) or (b == 0) != (c == 0) or (a == 0) == (b == 0):
        return pixels
    if a == 0:
        pixels, down, right = pixels.swapaxes(0, 1), b, c
    else:
        down, right = d, a
    return np.ascontiguousarray(pixels[::down, ::right])


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
        return RgbReader()(next(frames)).shape[:2]
    finally:
        frames.close()
