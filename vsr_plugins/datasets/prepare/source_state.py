"""Notice that files were changed under their names: by their times, and where those differ, by their content."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

from .manifest import digest

_CHUNK = 1 << 20


def state_of(paths: Iterable[Path]) -> dict[str, str]:
    """Return what tells later whether files were changed: digests of their times and of their content."""
    paths = list(paths)
    return dict(times=_times(paths), content=_content(paths))


def is_changed(paths: Iterable[Path], state: Mapping[str, str] | None) -> bool:
    """Whether files have another content than in a recorded state; False without one. Copies have other times only."""
    paths = list(paths)
    return state is not None and _times(paths) != state['times'] and _content(paths) != state['content']


def _times(paths: list[Path]) -> str:
    return digest(' '.join(str(path.stat().st_mtime_ns) for path in paths).encode())[:16]


def _content(paths: list[Path]) -> str:
    content = hashlib.blake2b(digest_size=16)
    for path in paths:
        # The length tells where a file ends.
        content.update(f'{path.stat().st_size} '.encode())
        with open(path, 'rb') as file:
            while chunk := file.read(_CHUNK):
                content.update(chunk)
    return content.hexdigest()
