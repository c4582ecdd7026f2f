"""What becomes of a child when its parent ends."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import vsr_plugins.child_processes
from vsr_plugins.child_processes import run_guarded

# Not through the package, whose import takes seconds.
PATH = f'import sys; sys.path.insert(0, {str(Path(vsr_plugins.child_processes.__file__).parent)!r})\n'
# As ``mim train`` does: a command that starts the one that works.
NESTED = """
import subprocess, sys
subprocess.check_call([sys.executable, '-c', sys.argv[1]])
"""
WORK = 'import os, sys, time; print(os.getpid(), flush=True); time.sleep(120)'
GUARDED = f"""{PATH}
from pathlib import Path
from child_processes import run_guarded
sys.exit(run_guarded([sys.executable, '-c', {NESTED!r}, {WORK!r}], Path(sys.argv[1])))
"""
SPAWNED = f"""{PATH}
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from child_processes import end_with_parent
if __name__ == '__main__':
    with ProcessPoolExecutor(1, get_context('spawn'), initializer=end_with_parent) as pool:
        pool.submit(exec, {WORK!r}).result()
"""


def has_ended(pid):
    """Within some seconds; a process that nobody waited for counts as ended."""
    for _ in range(100):
        try:
            if Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0] == 'Z':
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.1)
    return False


def start(folder, program):
    """A process that runs ``program``, and the id of the one that works at its far end."""
    script = folder / 'program.py'
    script.write_text(program)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder / 'lock')],
        stdout=subprocess.PIPE,
        text=True,
        # A job in the background of a shell without a terminal is born deaf to SIGINT.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    return process, int(process.stdout.readline())


@pytest.mark.skipif(sys.platform != 'linux', reason='reads /proc')
@pytest.mark.parametrize('program', [GUARDED, SPAWNED], ids=['command', 'spawned'])
@pytest.mark.parametrize('how', [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_what_works_ends_with_the_one_that_asked_for_it(tmp_path, program, how):
    process, worker = start(tmp_path, program)
    try:
        if program is SPAWNED and how == signal.SIGINT:
            os.kill(worker, signal.SIGINT)  # As a terminal does, to all.
        process.send_signal(how)
        process.communicate(timeout=30)
        assert has_ended(worker)
    finally:
        process.kill()
        if not has_ended(worker):
            os.kill(worker, signal.SIGKILL)


def test_one_command_at_a_time_and_its_status(tmp_path):
    lock = tmp_path / 'lock'
    process, _ = start(tmp_path, GUARDED)
    with pytest.raises(ValueError, match=f'another process is at work in {tmp_path}'):
        run_guarded([sys.executable, '-c', ''], lock)
    process.kill()
    process.communicate(timeout=30)
    for _ in range(100):
        try:
            assert run_guarded([sys.executable, '-c', 'raise SystemExit(3)'], lock) == 3
            break
        except ValueError:
            time.sleep(0.1)
    else:
        raise AssertionError('the lock was kept')
    assert run_guarded([sys.executable, '-c', 'import os; os.kill(os.getpid(), 15)'], lock) == 143


def test_a_system_without_locks_runs_the_command_all_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(vsr_plugins.child_processes, 'fcntl', None)
    assert run_guarded([sys.executable, '-c', 'raise SystemExit(3)'], tmp_path / 'lock') == 3
