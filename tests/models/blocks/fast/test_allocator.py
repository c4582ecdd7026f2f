import os
import platform
import subprocess
import sys

import pytest

from vsr_plugins.models.blocks.fast.allocator import keep_freed_memory

# Minimum page faults of one of ten allocations of 200 MB, each freed before the next: none if memory is reused. Which
# of them first fits into the memory of an earlier one depends on the allocations in between.
ALLOCATE = """
import resource, torch, vsr_plugins
{setup}
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
counts = []
for _ in range(10):
    before = faults()
    torch.ones(50_000_000).sum()
    counts.append(faults() - before)
print(min(counts))
"""
glibc = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='needs glibc')


# Prepares a network to restore frames.
RESTORE = """
from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.models.networks import BicubicNet
VideoPredictor(BicubicNet())
"""


def fewest_faults(setup, **environment):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(('MALLOC_', 'GLIBC_', 'VSR_'))}
    inherited.pop('THP_MEM_ALLOC_ENABLE', None)
    run = subprocess.run(
        [sys.executable, '-c', ALLOCATE.format(setup=setup)],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(run.stdout)


@glibc
def test_freed_memory_is_reused_once_work_begins():
    assert fewest_faults(RESTORE) < 1000


@glibc
def test_importing_the_package_leaves_the_allocator_alone():
    assert fewest_faults('') > 10_000


@glibc
def test_the_user_can_disable_it():
    assert fewest_faults(RESTORE, VSR_KEEP_MEMORY='0') > 10_000


@glibc
def test_a_training_uses_freed_memory_again(monkeypatch):
    from vsr_plugins.engine import loops

    calls = []
    monkeypatch.setattr(loops, 'keep_freed_memory', lambda: calls.append('kept') or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        loops.ResumableIterBasedTrainLoop.run(object.__new__(loops.ResumableIterBasedTrainLoop))
    assert calls == ['kept']


@pytest.mark.parametrize(
    'own',
    [
        {'VSR_KEEP_MEMORY': '0'},
        {'MALLOC_TRIM_THRESHOLD_': '100000'},
        {'MALLOC_MMAP_THRESHOLD_': '100000'},
        {'GLIBC_TUNABLES': 'glibc.rtld.nns=2:glibc.malloc.trim_threshold=100000'},
    ],
)
def test_settings_of_the_user_are_kept(own):
    assert not keep_freed_memory(own)
