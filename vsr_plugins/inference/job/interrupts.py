"""Interrupt a run once, so that a second Ctrl-C does not interrupt what the first one began."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def interrupted_once() -> Iterator[None]:
    """Ignore further interrupts after the first, until the block ends.

    The first SIGINT, or SIGTERM if it is handled like SIGINT, raises ``KeyboardInterrupt`` as usual. Handlers that are
    not Python's own stay as they are, and so does every handler outside the main thread.
    """
    own = [signal.SIGINT, signal.SIGTERM] if threading.current_thread() is threading.main_thread() else []
    own = [number for number in own if signal.getsignal(number) is signal.default_int_handler]

    def stop(number: int, frame: FrameType | None) -> None:
        for one in own:
            signal.signal(one, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in own:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in own:
            signal.signal(number, signal.default_int_handler)
