"""Write files atomically: a file gets its name only when it is complete."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

MAX_NAME_BYTES = 255


@contextmanager
def atomic_write(path: Path, writer: int = 0) -> Iterator[Path]:
    """Yield a temporary path that is renamed to ``path`` when the block ends without an error.

    An error leaves an existing ``path`` unchanged and removes the temporary file. A kill leaves at most one hidden file
    beside it, which the next attempt overwrites. Processes that write the same file concurrently need different
    numbers as ``writer``.

    Args:
        path: The file, in an existing folder. An existing file is replaced.
        writer: Number of the process.

    Yields:
        A path in the same folder with the same suffix, from which writers infer the format.
    """
    partial = path.with_name(hidden_name(path.stem, f'.partial{writer or ""}{path.suffix}'))
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def require_output(path: Path, overwrite: bool = False, suffixes: Sequence[str] = ()) -> None:
    """Raise if a file must not be written, before anything is computed for it.

    Args:
        path: The file.
        overwrite: Replace an existing file.
        suffixes: Those that can be written, in lower case; all by default.

    Raises:
        FileExistsError: If it is a folder, or a file that exists while ``overwrite`` is off.
        ValueError: If it has another suffix.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise ValueError(f'{path} must end in {" or ".join(suffixes)}; name another file')
    if path.is_dir():
        raise FileExistsError(f'{path} is a folder; name a file')
    if path.exists() and not overwrite:
        raise FileExistsError(f'{path} already exists; replace it with --force (overwrite=True)')


def hidden_name(name: str, ending: str) -> str:
    """Return a hidden name for a file that belongs to another: ``.`` before its name, and ``ending`` after it.

    Where that exceeds what file systems take, the name is cut, and a digest of it keeps it unique.
    """
    hidden = f'.{name}{ending}'
    if len(os.fsencode(hidden)) <= MAX_NAME_BYTES:
        return hidden
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:12]
    room = MAX_NAME_BYTES - len(os.fsencode(f'.~{digest}{ending}'))
    return f'.{os.fsencode(name)[:room].decode(errors="ignore")}~{digest}{ending}'
