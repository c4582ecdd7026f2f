"""Files that appear under their names only when they are whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Somewhere to write what becomes ``path`` when the block ends well.

    An error leaves what was at ``path`` before, and nothing else. A kill leaves, at worst, one hidden file beside it,
    which the next attempt writes over; processes that write the same file at once need another way.

    Args:
        path: The file, in a folder that is there. One that is there is replaced.

    Yields:
        A path in the same folder, with the same ending, to which writers look for the format.
    """
    partial = path.with_name(f'.{path.stem}.partial{path.suffix}')
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
