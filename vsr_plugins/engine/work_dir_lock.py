"""One training a work directory."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from mmengine.dist import is_main_process

LOCK = '.training_lock'


@contextmanager
def locked_work_dir(work_dir: str | Path) -> Iterator[None]:
    """Hold the lock of a work directory; the system releases it when the process ends, however that ends.

    In a distributed training the first process holds it.

    Args:
        work_dir: Folder of checkpoints and logs; it is made if it is missing.

    Raises:
        ValueError: If another training holds the lock.
    """
    if not is_main_process():
        yield
        return
    Path(work_dir).mkdir(parents=True, exist_ok=True)
    lock = FileLock(Path(work_dir, LOCK))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise ValueError(
            f'another training runs in {work_dir}: wait for it or stop it, or choose another --work-dir'
        ) from None
    try:
        yield
    finally:
        lock.release()
