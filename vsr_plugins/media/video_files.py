"""Open video files, including those with colons in their names or invalid UTF-8 in their metadata."""

import errno
import os
from pathlib import Path
from typing import BinaryIO

import av

# Errors of a full, read-only or broken disk.
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def open_media(path: str | Path | BinaryIO, mode: str = 'r', **options: object) -> av.container.Container:
    """Open a media file with ``av.open``.

    Text before a colon, as in ``Movie: sequel.mp4``, is not treated as a protocol. Invalid UTF-8 in metadata, as in old
    files, is replaced by replacement characters. FFmpeg's messages are not sent to Python's logging.

    Args:
        path: The file, or an open one.
        mode: ``'r'`` or ``'w'``.
        **options: Further options of ``av.open``.
    """
    # Importing torchvision before 0.26 sends them to Python's logging, which can deadlock: a decoder thread with a
    # message waits for the interpreter's lock, held by the thread that closes the decoder and waits for it.
    av.logging.set_level(None)
    # FFmpeg looks for a protocol before the first colon, but never after a slash.
    file = os.path.abspath(path) if isinstance(path, (str, Path)) else path
    return av.open(file, mode, metadata_errors='replace', **options)


def video_stream(container: av.container.InputContainer) -> av.VideoStream | None:
    """Return the stream that is the film: the default one, else the first; None without any. Cover art is none."""
    kinds = av.stream.Disposition
    streams = [stream for stream in container.streams.video if not stream.disposition & kinds.attached_pic]
    return next((stream for stream in streams if stream.disposition & kinds.default), next(iter(streams), None))
