import subprocess
import sys

import pytest
import training

from vsr_plugins.engine.work_dir_lock import locked_work_dir

HOLD = """
import sys, time
from vsr_plugins.engine.work_dir_lock import locked_work_dir
with locked_work_dir(sys.argv[1]):
    print('locked', flush=True)
    time.sleep(600)
"""


def test_a_second_training_raises_until_the_first_has_ended(tmp_path):
    folder = tmp_path / 'run'
    with subprocess.Popen([sys.executable, '-c', HOLD, str(folder)], stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == 'locked\n'
        with pytest.raises(ValueError, match=str(folder)), locked_work_dir(folder):
            pass
        # Also if it ends by kill -9.
        first.kill()
    with locked_work_dir(folder), pytest.raises(ValueError), locked_work_dir(folder):
        pass
    with locked_work_dir(folder):
        pass


def test_folders_do_not_lock_each_other(tmp_path):
    with locked_work_dir(tmp_path / 'a'), locked_work_dir(tmp_path / 'b'):
        pass


def test_a_training_locks_its_work_directory(tmp_path):
    with locked_work_dir(tmp_path):
        runner = training.build(tmp_path)
        with pytest.raises(ValueError, match=str(tmp_path)):
            runner.train()
