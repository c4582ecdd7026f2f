"""Read a video from standard input, and write one to standard output."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..media.images.image_files import image_suffix

PIPE = '-'
# Formats that can be read from a pipe, by name, and their suffixes.
FORMATS = {'nut': '.nut', 'matroska': '.mkv', 'y4m': '.y4m'}


@contextmanager
def piped(source: str, target: str, name: str = 'nut') -> Iterator[tuple[str, str]]:
    """Yield a source and a target for ``upscale``; ``-`` stands for standard input and output.

    Input is stored in a temporary file first: sound, times and scenes are read in several passes. The result is copied
    to standard output when the block ends without an error. Errors name standard input and output instead of the files.

    Args:
        source: A path, or ``-``.
        target: A path, or ``-``.
        name: Format on standard output, one of ``FORMATS``.

    Raises:
        ValueError: If standard input is empty, or standard output is a terminal.
    """
    if PIPE not in (source, target):
        yield source, target
        return
    if target == PIPE and sys.stdout.isatty():
        raise ValueError('a video is not written to a terminal; redirect standard output, or name a file')
    with TemporaryDirectory(prefix='vsr-') as folder:
        if source == PIPE:
            source = os.path.join(folder, 'stdin')
            with open(source, 'wb') as file:
                shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
            if not os.path.getsize(source):
                raise ValueError('standard input is empty, but must be a video')
            # Readers know images by their suffixes.
            os.replace(source, source := source + image_suffix(Path(source)))
        result = Path(folder, f'stdout{FORMATS[name]}')
        stand_ins = {os.path.join(folder, 'stdin'): 'standard input', str(result): 'standard output'}
        try:
            yield source, str(result) if target == PIPE else target
        except Exception as error:
            error.args = tuple(_with_names(arg, stand_ins) if isinstance(arg, str) else arg for arg in error.args)
            raise
        if target == PIPE:
            with open(result, 'rb') as file:
                shutil.copyfileobj(file, sys.stdout.buffer, 1 << 20)
            sys.stdout.buffer.flush()


def _with_names(message: str, stand_ins: dict[str, str]) -> str:
    for path, name in stand_ins.items():
        message = message.replace(path, name)
    return message
