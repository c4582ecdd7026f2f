import os
import platform
import subprocess
import sys

import pytest

from vsr_plugins.allocator import keep_freed_memory

# Faults of the last of four equal allocations of 200 MB: none where memory that was freed is used again.
ALLOCATE = """
import resource, torch, vsr_plugins
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(4):
    before = faults()
    torch.ones(50_000_000).sum()
print(faults() - before)
"""
glibc = pytest.mark.skipif(platform.libc_ver()[0] != 'glibc', reason='a matter of glibc')


def faults_of_the_last_allocation(**environment):
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(('MALLOC_', 'GLIBC_', 'VSR_'))}
    inherited.pop('THP_MEM_ALLOC_ENABLE', None)
    run = subprocess.run(
        [sys.executable, '-c', ALLOCATE], env={**inherited, **environment}, capture_output=True, text=True, check=True
    )
    return int(run.stdout)


@glibc
def test_freed_memory_is_used_again():
    assert faults_of_the_last_allocation() < 1000


@glibc
def test_the_user_may_say_no():
    assert faults_of_the_last_allocation(VSR_KEEP_MEMORY='0') > 10_000


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
