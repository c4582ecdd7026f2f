"""Measure available memory and the memory that a network takes."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from ..models.blocks.fast.allocator import give_back_freed_memory

try:
    import resource
except ImportError:  # Windows
    resource = None

PROC = Path('/proc')
CGROUPS = (
    ('/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory.current'),
    ('/sys/fs/cgroup/memory/memory.limit_in_bytes', '/sys/fs/cgroup/memory/memory.usage_in_bytes'),
)
# Parts of the RuntimeError messages of the allocators of CUDA, cuBLAS, cuDNN and the CPU.
ALLOCATION_FAILED = (
    'out of memory',
    "can't allocate memory",
    'not enough memory',
    'could not create a memory',
    'could not allocate',
    'alloc_failed',
    # PyTorch's only message when cuDNN has no memory for the workspace of any of its kernels.
    'unable to find an engine',
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception reports a failed allocation, on any device."""
    if isinstance(error, (torch.OutOfMemoryError, MemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error).lower() for text in ALLOCATION_FAILED)


def available_memory(device: torch.device | str = 'cpu') -> int | None:
    """Bytes that can still be allocated on a device; None if the system does not report them.

    On CUDA: free memory plus the unused part of PyTorch's cache. On the CPU: the minimum of Linux's ``MemAvailable``,
    the remainder of the container's limit, and the remainder of the limit on the address space of the process.
    """
    device = torch.device(device)
    if device.type == 'cuda':
        free, _ = torch.cuda.mem_get_info(device)
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    if device.type != 'cpu':
        return None
    room = [*_system_available(), *_cgroup_available(), *_address_space_available()]
    return max(min(room), 0) if room else None


def peak_memory(run: Callable[[], Tensor], device: torch.device | str = 'cpu') -> int | None:
    """Peak memory of ``run`` in bytes, including its result; None if it cannot be measured.

    On the CPU the resident memory of the process is polled meanwhile, so nothing else should run in the process.
    """
    device = torch.device(device)
    if device.type == 'cuda':
        torch.cuda.synchronize(device)
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        run()
        torch.cuda.synchronize(device)
        return torch.cuda.max_memory_allocated(device) - before
    if device.type != 'cpu' or _resident() is None:
        return None
    # Memory that malloc keeps from earlier runs would be reused without being counted.
    give_back_freed_memory()
    before = peak = _resident()
    done = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.001):
            peak = max(peak, _resident())

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        result = run()
        peak = max(peak, _resident())
        del result
    finally:
        done.set()
        watcher.join()
    return peak - before


def _resident() -> int | None:
    try:
        return int((PROC / 'self' / 'statm').read_text().split()[1]) * os.sysconf('SC_PAGE_SIZE')
    except (OSError, ValueError):
        return None


def _system_available() -> Iterator[int]:
    with contextlib.suppress(OSError):
        for line in (PROC / 'meminfo').read_text().splitlines():
            if line.startswith('MemAvailable:'):
                yield int(line.split()[1]) * 1024
                return
    with contextlib.suppress(OSError, ValueError, AttributeError):  # Windows has no sysconf
        yield os.sysconf('SC_AVPHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')


def _cgroup_available() -> Iterator[int]:
    for limit, usage in CGROUPS:
        with contextlib.suppress(OSError, ValueError):  # 'max' is no limit
            yield int(Path(limit).read_text()) - int(Path(usage).read_text())


def _address_space_available() -> Iterator[int]:
    if resource is None:
        return
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        with contextlib.suppress(OSError):
            yield limit - int((PROC / 'self' / 'statm').read_text().split()[0]) * os.sysconf('SC_PAGE_SIZE')
