"""Write files atomically: a file gets its name only when it is complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path that is renamed to ``path`` when the block ends without an error.

    An error leaves an existing ``path`` unchanged and removes the temporary file. A kill leaves at most one hidden file
    beside it, which the next attempt overwrites. Not safe for processes that write the same file concurrently.

    Args:
        path: The file, in an existing folder. An existing file is replaced.

    Yields:
        A path in the same folder with the same suffix, from which writers infer the format.
    """
    partial = path.with_name(f'.{path.stem}.partial{path.suffix}')
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
