"""Deinterlace the frames of a video by FFmpeg's bwdif filter."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import av
import av.error
from av.filter import Graph


def deinterlaced(
    frames: Iterable[av.VideoFrame], time_base: Fraction, per_field: bool = False
) -> Iterator[av.VideoFrame]:
    """Yield the frames of a video, each interlaced one made progressive from its first field and its neighbours.

    Progressive frames are the same as before; so are all times.

    Args:
        frames: Decoded frames.
        time_base: Unit of their times in seconds.
        per_field: Make one frame of each field, so that an interlaced frame becomes two. Times are then in half the
            unit.
    """
    out_unit = time_base / (2 if per_field else 1)
    graph, size = None, None
    for frame in frames:
        if graph is not None and size != (frame.width, frame.height, frame.format.name):
            yield from _pulled(graph, out_unit, is_end=True)
            graph = None
        if graph is None and frame.interlaced_frame:
            graph, size = _bwdif(frame, time_base, per_field), (frame.width, frame.height, frame.format.name)
        if graph is None:
            if frame.pts is not None and per_field:
                frame.pts, frame.duration, frame.time_base = 2 * frame.pts, 2 * frame.duration, out_unit
            yield frame
            continue
        graph.vpush(frame)
        yield from _pulled(graph, out_unit)
    if graph is not None:
        yield from _pulled(graph, out_unit, is_end=True)


def _bwdif(frame: av.VideoFrame, time_base: Fraction, per_field: bool) -> Graph:
    graph = Graph()
    graph.threads, kind = 1, 'field' if per_field else 'frame'
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    graph.link_nodes(source, graph.add('bwdif', f'mode=send_{kind}:deint=interlaced'), graph.add('buffersink'))
    graph.configure()
    return graph


def _pulled(graph: Graph, time_base: Fraction, is_end: bool = False) -> Iterator[av.VideoFrame]:
    if is_end:
        graph.vpush(None)
    while True:
        try:
            frame = graph.vpull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if frame.pts is not None and frame.time_base is not None:
            # The filter counts fields.
            unit = frame.time_base / time_base
            frame.pts, frame.duration = round(frame.pts * unit), round(frame.duration * unit)
            frame.time_base = time_base
        yield frame
