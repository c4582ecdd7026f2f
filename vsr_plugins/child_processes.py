"""Processes that do not outlive the one that started them, however that ends.

Run as a script this file is the guard that ``run_guarded`` starts; it therefore imports the standard library alone.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None


def run_guarded(command: Sequence[str], lock: Path) -> int:
    """Run a command that ends, with all that it started, when this process ends, be it by ``kill -9``.

    A guard between the two holds the end of a pipe: when the other end closes, it kills the command's process group.
    Windows has neither locks nor groups of this kind; there the command runs without.

    Args:
        command: What to run.
        lock: A file, made where it is not there, that is locked as long as the command runs, so that no second one
            does. File systems that know no locks have none.

    Returns:
        The command's exit status; 128 more than a signal that killed it.

    Raises:
        ValueError: If the file is locked.
    """
    if fcntl is None:
        return subprocess.call(command)
    with open(lock, 'a', encoding='utf-8') as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ValueError(
                f'another process is at work in {lock.parent}; wait for it, or end it before this is run again'
            ) from None
        except OSError:
            pass
        ours, theirs = os.pipe()
        kept = (ours, file.fileno())
        try:
            guard = [sys.executable, '-I', __file__, *map(str, kept), *command]
            # Ctrl-C reaches this process alone, which closes the pipe then as in any other case.
            process = subprocess.Popen(guard, pass_fds=kept, start_new_session=True)
        except BaseException:
            os.close(theirs)
            raise
        finally:
            os.close(ours)
    with process:
        try:
            return process.wait()
        finally:
            os.close(theirs)


def end_with_parent() -> None:
    """End this process, one that multiprocessing spawned, when the one that started it has ended."""
    parent = multiprocessing.parent_process()
    threading.Thread(target=lambda: (parent.join(), os._exit(1)), daemon=True).start()


def _guard(pipe: int, lock: int, command: Sequence[str]) -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    # It keeps the lock too: should the guard be killed, no second command starts beside it.
    process = subprocess.Popen(command, pass_fds=(lock,), start_new_session=True)

    def kill() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    threading.Thread(target=lambda: (os.read(pipe, 1), kill()), daemon=True).start()
    try:
        status = process.wait()
    finally:
        kill()
    return status if status >= 0 else 128 - status


if __name__ == '__main__':
    sys.exit(_guard(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
