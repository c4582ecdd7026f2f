"""Position of chroma samples of subsampled video: find out how a frame is converted, and convert it as players do.

A file that states no position has chroma between columns for FFmpeg's scaler and on the even columns for players, half
a pixel further to the left; times the scale of a network that is visible. PyAV does not expose the position of a frame,
so it is measured on a small copy.
"""

from fractions import Fraction

import av
import numpy as np
from av.filter import Graph
from av.video.reformatter import VideoReformatter

# Codecs and containers that state a position, or whose standard puts chroma in the middle.
CENTRED_CODECS = frozenset(('h264', 'hevc', 'vvc', 'mjpeg', 'ljpeg', 'jpeg2000', 'mpeg1video'))
CENTRED_CONTAINERS = frozenset(('yuv4mpegpipe',))
_SIDE = 64
_BICUBIC = 0x4 | 0x40000 | 0x4000


def is_centred(frame: av.VideoFrame) -> bool:
    """Whether chroma of a frame is converted as if it lay between two columns; a file may state it or state nothing.

    Args:
        frame: Any frame; one without horizontally subsampled planar chroma is not centred.
    """
    chroma = next((component for component in frame.format.components if component.is_chroma), None)
    if chroma is None or len(frame.format.components) < 3 or len(frame.planes) < 3:
        return False
    if av.VideoFormat(frame.format.name, _SIDE, _SIDE).components[1].width == _SIDE:
        return False
    # A copy with the properties of the frame. Without a change of size it could be the frame itself.
    copy = VideoReformatter().reformat(
        frame,
        width=_SIDE,
        height=_SIDE if frame.height != _SIDE else 2 * _SIDE,
        format='yuv422p' if _is_full_height(frame) else 'yuv420p',
        threads=1,
    )
    plane = copy.planes[1]
    pixels = np.zeros((plane.height, plane.line_size), np.uint8)
    pixels[:, : plane.width] = 64 + 4 * np.arange(plane.width)
    plane.update(pixels.tobytes())
    full = VideoReformatter().reformat(copy, format='yuv444p', interpolation=_BICUBIC, threads=1).planes[1]
    row = np.frombuffer(bytes(full), np.uint8)[: full.line_size].astype(float)
    # A column x shows 64 + 2 x if chroma is on even columns, 64 + 2 (x - 0.5) if it is centred.
    middle = np.arange(16, 32)
    return float((row[middle] - 64 - 2 * middle).mean()) < -0.5


def _is_full_height(frame: av.VideoFrame) -> bool:
    return av.VideoFormat(frame.format.name, _SIDE, _SIDE).components[1].height == _SIDE


def states_centre(container: str, codec: str) -> bool:
    """Whether a file that is converted with centred chroma means it.

    Args:
        container: FFmpeg's names of its format.
        codec: FFmpeg's name of its codec.
    """
    return codec in CENTRED_CODECS or container in CENTRED_CONTAINERS


class StatedSiting:
    """Passes the frames of a file on, marked as players take them if the file states no position of chroma.

    Args:
        container: FFmpeg's names of the file's format.
        codec: FFmpeg's name of its codec.
    """

    def __init__(self, container: str, codec: str) -> None:
        self._may_mean_centre = states_centre(container, codec)
        self._left_sited: LeftSited | None = None
        self._is_known = False

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame; the first one decides for all."""
        if not self._is_known:
            self._is_known = True
            self._left_sited = LeftSited() if not self._may_mean_centre and is_centred(frame) else None
        return frame if self._left_sited is None else self._left_sited(frame)


class LeftSited:
    """Marks frames of one video as having chroma on the even columns."""

    def __init__(self) -> None:
        self._kind: tuple | None = None
        self._graph: Graph | None = None

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return the frame with the mark; pixels, times and other properties are the same."""
        kind = frame.width, frame.height, frame.format.name
        if self._graph is None or kind != self._kind:
            self._kind, self._graph = kind, _marking(frame)
        self._graph.vpush(frame)
        return self._graph.vpull()


def _marking(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 25)
    )
    graph.link_nodes(source, graph.add('setparams', 'chroma_location=left'), graph.add('buffersink')).configure()
    return graph
