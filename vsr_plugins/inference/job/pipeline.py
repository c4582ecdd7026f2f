"""Read, restore and write in parallel threads, so that the network does not wait for reading or writing."""

from collections.abc import Callable, Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

Read = TypeVar('Read')
Output = TypeVar('Output')
_END = object()
_POLL_SECONDS = 0.1  # interval at which the reader checks whether to stop


def run_pipeline(
    frames: Iterable[Read],
    restore: Callable[[Iterator[Read]], Iterable[Output]],
    write: Callable[[Output], None],
    ahead: int = 8,
    behind: int = 8,
) -> None:
    """Read in one thread, restore in the caller's, write in a third.

    Both threads have ended when this returns or raises, and all restored frames have been written unless writing
    failed.

    Args:
        frames: Frames, iterated in the reading thread.
        restore: Maps input frames to output frames.
        write: Writes one output frame.
        ahead: Maximum number of frames read ahead.
        behind: Maximum number of output frames waiting to be written.

    Raises:
        BaseException: Any exception raised in one of the three threads, including ``KeyboardInterrupt`` in the
            caller's.
    """
    stop = Event()
    reader = _Reader(frames, ahead, stop)
    writer = _Writer(write, behind)
    try:
        reader.wait_until_ready()
        for output in restore(iter(reader)):
            writer.put(output)
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
        except BaseException as error:  # noqa: BLE001 (raised in __iter__)
            self.error = error
        finally:
            self.ready.set()
            self._put(_END)

    def _put(self, item: object) -> None:
        while not self.stop.is_set():
            try:
                return self.queue.put(item, timeout=_POLL_SECONDS)
            except Full:
                continue

    def wait_until_ready(self) -> None:
        """Wait until the queue is full or reading has ended: reading then does not disturb memory measurements."""
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
                continue  # drain the queue, so that put() does not block
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
