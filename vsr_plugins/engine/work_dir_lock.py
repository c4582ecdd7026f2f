"""Lock a work directory, so that only one training runs in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from mmengine.dist import is_main_process

LOCK = '.training_lock'


@contextmanager
def locked_work_dir(work_dir: str | Path) -> Iterator[None]:
    """Hold the lock of a work directory; the system releases it when the process ends or is killed.

    In a distributed training the main process holds it.

    Args:
        work_dir: Folder of checkpoints and logs; created if it does not exist.

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
            f'another training is running in {work_dir}: wait for it, stop it, or use another --work-dir'
        ) from None
    try:
        yield
    finally:
        lock.release()
