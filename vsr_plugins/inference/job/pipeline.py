"""Reading, restoring and writing beside each other, so that the network never waits for the other two."""

from collections.abc import Callable, Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

Read = TypeVar('Read')
Made = TypeVar('Made')
_END = object()
_PATIENCE = 0.1  # seconds between looks at whether all shall stop


def run_pipeline(
    frames: Iterable[Read],
    restore: Callable[[Iterator[Read]], Iterable[Made]],
    write: Callable[[Made], None],
    ahead: int = 8,
    behind: int = 8,
) -> None:
    """Read in one thread, restore in the caller's, write in a third.

    However it ends, both threads have ended before it returns, and all that was restored has been written, unless
    writing is what failed.

    Args:
        frames: What is read.
        restore: Makes of it what is written.
        write: Writes one.
        ahead: Frames read ahead at most.
        behind: Frames that wait to be written at most.

    Raises:
        BaseException: Whatever was raised in any of the three, ``KeyboardInterrupt`` in the caller's thread included.
    """
    stop = Event()
    reader = _Reader(frames, ahead, stop)
    writer = _Writer(write, behind)
    try:
        reader.wait_until_ready()
        for made in restore(iter(reader)):
            writer.put(made)
    finally:
        stop.set()
        reader.thread.join()
        writer.close()
    if writer.error is not None:
        raise writer.error


class _Reader:
    def __init__(self, frames: Iterable, ahead: int, stop: Event) -> None:
        self.queue: Queue = Queue(ahead)
        self.stop = stop
        self.ready = Event()
        self.error: BaseException | None = None
        self.thread = Thread(target=self._run, args=(frames,), name='read', daemon=True)
        self.thread.start()

    def _run(self, frames: Iterable) -> None:
        try:
            for frame in frames:
                self._put(frame)
                if self.queue.full():
                    self.ready.set()
                if self.stop.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 (raised where frames are taken)
            self.error = error
        finally:
            self.ready.set()
            self._put(_END)

    def _put(self, item: object) -> None:
        while not self.stop.is_set():
            try:
                return self.queue.put(item, timeout=_PATIENCE)
            except Full:
                continue

    def wait_until_ready(self) -> None:
        """Until as much was read as may be: what memory a network takes can then be seen undisturbed."""
        self.ready.wait()

    def __iter__(self) -> Iterator:
        while (item := self.queue.get()) is not _END:
            yield item
        if self.error is not None:
            raise self.error


class _Writer:
    def __init__(self, write: Callable, behind: int) -> None:
        self.queue: Queue = Queue(behind)
        self.error: BaseException | None = None
        self.write = write
        self.thread = Thread(target=self._run, name='write', daemon=True)
        self.thread.start()

    def _run(self) -> None:
        while (item := self.queue.get()) is not _END:
            if self.error is not None:
                continue  # taken, so that the other side need not wait
            try:
                self.write(item)
            except BaseException as error:  # noqa: BLE001 (raised in the caller's thread)
                self.error = error

    def put(self, item: object) -> None:
        if self.error is not None:
            raise self.error
        self.queue.put(item)

    def close(self) -> None:
        self.queue.put(_END)
        self.thread.join()
