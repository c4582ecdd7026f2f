"""How the C library's allocator treats large tensors on CPU."""

import contextlib
import ctypes
import os
from collections.abc import Mapping

# Parameters of mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 2**30
SWITCH = 'VSR_KEEP_MEMORY'


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> bool:
    """Let the process use freed memory again instead of giving it back to the system and asking for it anew.

    By default glibc hands every large block back as soon as it is freed. A network on CPU allocates such blocks for
    each of its layers, and the system then maps, clears and unmaps the same gigabyte again and again: about a tenth of
    the time of ``LatentAttentionNet`` (``benchmarks/latent_attention.py`` prints it). From here on blocks below
    ``KEPT_BYTES`` come from the heap, and up to as much stays there once it is free. Holes between blocks that
    are still used can raise the peak.

    Nothing is done where the user has set glibc's allocator up (``MALLOC_TRIM_THRESHOLD_``, ``MALLOC_MMAP_THRESHOLD_``,
    ``GLIBC_TUNABLES``), where ``VSR_KEEP_MEMORY=0`` asks for that, and where the C library is not glibc.

    Returns:
        Whether memory is kept.
    """
    own = environment.get('MALLOC_TRIM_THRESHOLD_') or environment.get('MALLOC_MMAP_THRESHOLD_')
    if own or 'glibc.malloc.' in environment.get('GLIBC_TUNABLES', '') or environment.get(SWITCH) == '0':
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):
        return False
    return all(mallopt(parameter, KEPT_BYTES) == 1 for parameter in (M_MMAP_THRESHOLD, M_TRIM_THRESHOLD))


def give_back_freed_memory() -> None:
    """Hand what glibc's allocator keeps back to the system, once."""
    with contextlib.suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
