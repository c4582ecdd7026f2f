"""Opening video files by their names, whatever the names and the texts in them hold."""

import errno
import os
from pathlib import Path

import av

# What a disk refuses with, whatever is written to it.
OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)


def open_media(path: str | Path, mode: str = 'r', **options: object) -> av.container.Container:
    """Like ``av.open``, for files.

    What stands before a colon, as in ``Movie: sequel.mp4``, is no protocol here, and texts that are not UTF-8, as old
    files hold them, have marks for what cannot be read.

    Args:
        path: The file.
        mode: ``'r'`` or ``'w'``.
        **options: Others of ``av.open``.
    """
    # FFmpeg looks for a protocol in front of the first colon, but never behind a slash.
    return av.open(os.path.abspath(path), mode, metadata_errors='replace', **options)
