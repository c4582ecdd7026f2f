"""Make glibc's allocator keep large freed blocks, which CPU inference reuses."""

import contextlib
import ctypes
import os
from collections.abc import Mapping

# Parameters of mallopt(3).
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES = 2**30
SWITCH = 'VSR_KEEP_MEMORY'


def keep_freed_memory(environment: Mapping[str, str] = os.environ) -> bool:
    """Keep freed memory in the process for reuse instead of returning it to the system.

    By default glibc returns every large block as soon as it is freed. A network on CPU allocates such blocks for each
    layer, and the system maps, clears and unmaps the same gigabyte again and again: about a tenth of the time of
    ``LatentAttentionNet`` (``benchmarks/latent_attention.py`` prints it). After this call, blocks below ``KEPT_BYTES``
    come from the heap, and up to as many bytes stay in the heap when free. Holes between blocks in use can raise the
    peak.

    Does nothing if the user has configured glibc's allocator (``MALLOC_TRIM_THRESHOLD_``, ``MALLOC_MMAP_THRESHOLD_``,
    ``GLIBC_TUNABLES``), if ``VSR_KEEP_MEMORY=0``, and if the C library is not glibc.

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
    """Return memory that glibc's allocator keeps to the system, once."""
    with contextlib.suppress(OSError, TypeError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
