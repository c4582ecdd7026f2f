"""Open video files, including those with colons in their names or invalid UTF-8 in their metadata."""

import errno
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO, Literal, overload

import av
from av.container import InputContainer, OutputContainer
from av.stream import Disposition, Stream

# How far FFmpeg reads, in bytes and microseconds, for streams that begin late: subtitles and sound of broadcasts and
# DVDs.
PROBING = {'probesize': str(50 * 10**6), 'analyzeduration': str(100 * 10**6)}
# Errors of a full, read-only or broken disk.
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


@overload
def open_media(
    path: str | Path | BinaryIO, mode: Literal['r'] = 'r', *, format: str | None = None
) -> InputContainer: ...


@overload
def open_media(
    path: str | Path | BinaryIO,
    mode: Literal['w'],
    *,
    format: str | None = None,
    container_options: dict[str, str] | None = None,
) -> OutputContainer: ...


def open_media(
    path: str | Path | BinaryIO,
    mode: Literal['r', 'w'] = 'r',
    *,
    format: str | None = None,
    container_options: dict[str, str] | None = None,
) -> InputContainer | OutputContainer:
    """Open a media file with ``av.open``.

    Text before a colon, as in ``Movie: sequel.mp4``, is not treated as a protocol. Invalid UTF-8 in metadata, as in old
    files, is replaced by replacement characters. FFmpeg's messages are not sent to Python's logging.

    Args:
        path: The file, or an open one.
        mode: ``'r'`` or ``'w'``.
        format: FFmpeg's name of the file format; None finds it by the content, or by the suffix.
        container_options: Options of the file format.
    """
    # Importing torchvision before 0.26 sends them to Python's logging, which can deadlock: a decoder thread with a
    # message waits for the interpreter's lock, held by the thread that closes the decoder and waits for it.
    av.logging.set_level(None)
    # FFmpeg looks for a protocol before the first colon, but never after a slash.
    file = os.path.abspath(path) if isinstance(path, (str, Path)) else path
    if mode == 'r':
        container_options = PROBING
    return av.open(file, mode, format, container_options=container_options, metadata_errors='replace')


def demuxed(container: InputContainer, *streams: Stream) -> Iterator[av.Packet]:
    """Yield the packets of some streams, all without any; streams that begin within the file are left out."""
    packets = container.demux(*streams)
    while True:
        try:
            packet = next(packets, None)
        except IndexError:
            # PyAV has no object for such a stream, and fails after the last packets of the others.
            return
        if packet is None:
            return
        yield packet


def video_stream(container: InputContainer) -> av.VideoStream | None:
    """Return the stream that is the film: the default one, else the first; None without any. Cover art is none."""
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    return next((stream for stream in streams if stream.disposition & Disposition.default), next(iter(streams), None))


def require_video_stream(container: InputContainer) -> av.VideoStream:
    """Return the stream that is the film.

    Raises:
        ValueError: If there is none.
    """
    stream = video_stream(container)
    if stream is None:
        raise ValueError(f'{container.name} has no video stream')
    return stream


def time_base_of(stream: Stream) -> Fraction:
    """Return the unit of a stream's times in seconds.

    Raises:
        ValueError: If it has none yet, as before the header of a file is written.
    """
    if stream.time_base is None:
        raise ValueError(f'stream {stream.index} of {stream.container.name} has no unit of time')
    return stream.time_base


def times_of(packet: av.Packet) -> tuple[int, int]:
    """Return the presentation and the decoding time of a packet.

    Raises:
        ValueError: If it lacks one.
    """
    if packet.pts is None or packet.dts is None:
        raise ValueError('a packet has no time')
    return packet.pts, packet.dts
