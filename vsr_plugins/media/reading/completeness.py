"""Whether a file has its end, by the sizes that it states, in formats whose packets have no durations.

The last frame of such a file may last long, so that its times end before the duration that its header states.
"""

import os
from pathlib import Path
from typing import BinaryIO

_SEGMENT = b'\x18\x53\x80\x67'
_FILE_PROPERTIES = bytes.fromhex('a1dcab8c47a9cf118ee400c00c205365')
# Of ASF, the header object and its first objects; of Matroska, what precedes the segment.
_HEAD = 1 << 16


def has_its_end(path: Path, container: str) -> bool:
    """Whether a file states its size and has it all.

    Args:
        path: The file.
        container: FFmpeg's name of its format.
    """
    kind = next((kind for kind in _CHECKS if kind in container.split(',')), None)
    if kind is None:
        return False
    with open(path, 'rb') as file:
        return _CHECKS[kind](file, file.seek(0, os.SEEK_END))


def _matroska(file: BinaryIO, size: int) -> bool:
    """RFC 8794: elements are a name, a size and a content; the file is a header and a segment."""
    at = 0
    while at < size:
        file.seek(at)
        head = file.read(12)
        name_length = 9 - head[0].bit_length()
        length, content = _vint(head[name_length:])
        if content is None:
            return False
        at += name_length + length + content
        if head[:4] == _SEGMENT:
            return at <= size
    return False


def _vint(data: bytes) -> tuple[int, int | None]:
    """Return the length of a number of EBML, and the number; None if it is unknown or cut."""
    length = 9 - data[0].bit_length() if data else 9
    mask = (1 << 7 * length) - 1
    value = int.from_bytes(data[:length], 'big') & mask
    return length, None if value == mask or length > min(len(data), 8) else value


def _flv(file: BinaryIO, size: int) -> bool:
    """Each tag is followed by its size, and has that of its content in its header of 11 bytes."""
    file.seek(max(size - 4, 0))
    last = int.from_bytes(file.read(4), 'big')
    if not 11 <= last <= size - 4:
        return False
    file.seek(size - 4 - last)
    return int.from_bytes(file.read(4)[1:], 'big') + 11 == last


def _asf(file: BinaryIO, size: int) -> bool:
    """The properties state the size of the file after two identifiers and a size."""
    file.seek(0)
    head = file.read(_HEAD)
    at = head.find(_FILE_PROPERTIES)
    return at >= 0 and int.from_bytes(head[at + 40 : at + 48], 'little') == size


def _avi(file: BinaryIO, size: int) -> bool:
    """A chunk of RIFF, or several, each with its size."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        head = file.read(8)
        if head[:4] != b'RIFF':
            return at > 0
        content = int.from_bytes(head[4:], 'little')
        at += 8 + content + content % 2
    return at == size and at > 0


_CHECKS = {'matroska': _matroska, 'flv': _flv, 'asf': _asf, 'avi': _avi}
