"""Opening video files by their names, whatever the names and the texts in them hold."""

import errno
import os
from pathlib import Path
from typing import BinaryIO

import av

# What a disk refuses with, whatever is written to it.
OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def open_media(path: str | Path | BinaryIO, mode: str = 'r', **options: object) -> av.container.Container:
    """Like ``av.open``, for files.

    What stands before a colon, as in ``Movie: sequel.mp4``, is no protocol here, and texts that are not UTF-8, as old
    files hold them, have marks for what cannot be read. FFmpeg's messages do not come to Python's logging.

    Args:
        path: The file, or an open one.
        mode: ``'r'`` or ``'w'``.
        **options: Others of ``av.open``.
    """
    # Importing torchvision before 0.26 sends them there. A thread of a decoder that has a message then waits for the
    # interpreter's lock, and whoever closes the decoder holds it and waits for the thread: neither goes on.
    av.logging.set_level(None)
    # FFmpeg looks for a protocol in front of the first colon, but never behind a slash.
    file = os.path.abspath(path) if isinstance(path, (str, Path)) else path
    return av.open(file, mode, metadata_errors='replace', **options)
