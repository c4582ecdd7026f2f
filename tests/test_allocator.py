import os
import platform
import subprocess
import sys

import pytest

from vsr_plugins.allocator import keep_freed_memory

# Fewest faults of one of ten allocations of 200 MB, each freed before the next: none where memory is used again. Which
# of them is the first to fit what an earlier one left depends on what lies between.
ALLOCATE = """
import resource, torch, vsr_plugins
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
counts = []
for _ in range(10):
    before = faults()
    torch.ones(50_000_000).sum()
    counts.append(faults() - before)
print(min(counts))
"""
glibc = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='a matter of glibc')


def fewest_faults(**environment):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(('MALLOC_', 'GLIBC_', 'VSR_'))}
    inherited.pop('THP_MEM_ALLOC_ENABLE', None)
    run = subprocess.run(
        [sys.executable, '-c', ALLOCATE], env={**inherited, **environment}, capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@glibc
def test_freed_memory_is_used_again():
    assert fewest_faults() < 1000


@glibc
def test_the_user_may_say_no():
    assert fewest_faults(VSR_KEEP_MEMORY='0') > 10_000


@pytest.mark.parametrize(
    'own',
    [
        {'VSR_KEEP_MEMORY': '0'},
        {'MALLOC_TRIM_THRESHOLD_': '100000'},
        {'MALLOC_MMAP_THRESHOLD_': '100000'},
        {'GLIBC_TUNABLES': 'glibc.rtld.nns=2:glibc.malloc.trim_threshold=100000'},
    ],
)
def test_what_the_user_has_set_up_is_left_alone(own):
    assert not keep_freed_memory(own)
