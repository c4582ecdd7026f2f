"""Mends mmengine <= 0.10.7, whose checkpoints torch >= 2.6 refuses to load; goes when mmengine passes an allow-list.

Since 2.6 ``torch.load`` unpickles weights and plain containers only. mmengine's own checkpoints hold a little more: the
message hub's histories (``HistoryBuffer`` with numpy arrays), so that neither ``--resume`` nor ``mim test`` works. The
common way out, ``weights_only=False``, lets any file that is called a checkpoint run code. Here the loader stays
closed and is shown what such a file really holds, for the time of one load.
"""

import os.path as osp
import pickle
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

# How torch names what it refuses to look up, and what it refuses to call or to build.
_UNSUPPORTED = re.compile(r'GLOBAL ([\w.]+)|(?:unrecognized function|but got) (<.*?>)')
# The four that mmengine puts into the table of every history.
_STATISTICS = frozenset(('current', 'max', 'mean', 'min'))


def is_needed() -> bool:
    """Whether this torch loads weights only, and can be shown more."""
    return tuple(int(part) for part in torch.__version__.split('+')[0].split('.')[:2]) >= (2, 6)


def apply() -> None:
    """Put ``load_from_local`` in the place of mmengine's loader of local files."""
    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)


# mmengine logs what follows ``load_from_`` in the name of a loader.
def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Load a local checkpoint without running any code it may carry.

    Args:
        filename: Path of the file.
        map_location: As in ``torch.load``.

    Returns:
        What the file holds.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, no checkpoint, or holds anything beside weights, plain containers, numpy arrays
            and mmengine's histories.
    """
    filename = osp.expanduser(filename)
    if not osp.isfile(filename):
        raise FileNotFoundError(f'there is no checkpoint at {osp.abspath(filename)}')
    try:
        with _shown_to_torch(_allowed()), warnings.catch_warnings():
            # What torch makes of other protocols and programs is said below.
            warnings.filterwarnings('ignore', message='Detected pickle protocol|.*looks like a TorchScript archive')
            return torch.load(filename, map_location=map_location, weights_only=True)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        if _is_about_the_device(error):
            raise
        raise ValueError(_explain(filename, error)) from None


@contextmanager
def _shown_to_torch(allowed: list[Callable | tuple[Callable, str]]) -> Iterator[None]:
    """Widen torch's list for a while by what is not on it yet, and mmengine's table of statistics not at all."""
    present = set(torch.serialization.get_safe_globals())
    methods = dict(HistoryBuffer._statistics_methods)
    try:
        with torch.serialization.safe_globals([entry for entry in allowed if entry not in present]):
            yield
    finally:
        # A history updates the table of its class from the file.
        HistoryBuffer._statistics_methods.clear()
        HistoryBuffer._statistics_methods.update(HistoryBuffer()._statistics_methods | methods)


def _allowed() -> list[Callable | tuple[Callable, str]]:
    """What a checkpoint of mmengine or its kin may hold beside tensors and plain containers."""
    from numpy.core import multiarray

    # A dtype is rebuilt through its own class; object arrays stay out.
    dtypes = {type(np.dtype(code)) for code in np.typecodes['All'] if code not in 'OV'}
    reconstruct, scalar = multiarray._reconstruct, multiarray.scalar
    modules = ('numpy.core.multiarray', 'numpy._core.multiarray')
    arrays = [(function, f'{module}.{function.__name__}') for function in (reconstruct, scalar) for module in modules]
    narrowed = [(_statistics_method, 'builtins.getattr'), (_empty_bytes, 'builtins.bytes')]
    return [HistoryBuffer, *narrowed, np.dtype, np.ndarray, *dtypes, *arrays]


def _statistics_method(owner: object, name: str) -> Callable:
    """``getattr`` as far as a history needs it: the statistics methods of ``HistoryBuffer``."""
    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise pickle.UnpicklingError(f'Unsupported use of GLOBAL builtins.getattr on {owner!r} for {name!r}')
    return getattr(HistoryBuffer, name)


def _empty_bytes() -> bytes:
    """``bytes()``, the content of an empty array; with an argument it could fill the memory."""
    return b''


def _is_about_the_device(error: Exception) -> bool:
    """Whether torch could read the file, but not put it where ``map_location`` says."""
    return isinstance(error, RuntimeError) and any(word in str(error) for word in ('CUDA', 'cuda', 'device'))


def _explain(filename: str, error: Exception) -> str:
    """One line for the user, from what torch has to say to programmers."""
    reason = str(error)
    if isinstance(error, pickle.UnpicklingError):
        if found := _UNSUPPORTED.search(reason):
            return _refusal(filename, next(group for group in found.groups() if group))
        if 'Unsupported operand' in reason and _is_pickle(filename):
            return _refusal(filename, 'pickle operations that weights have no use for')
    if 'TorchScript' in reason:
        return _refusal(filename, 'a TorchScript program')
    if 'legacy .tar' in reason:
        return _refusal(filename, "objects in the tar format of torch 0.1 (save it anew with today's torch)")
    size = osp.getsize(filename)
    return f'{filename} ({size} bytes) is damaged or no PyTorch checkpoint; was it copied or downloaded to its end?'


def _refusal(filename: str, content: str) -> str:
    return (
        f'{filename} is refused: beside weights it carries {content}, which could run code on loading. Nothing of it '
        'was run. A checkpoint of mmengine, mmagic or plain PyTorch weights holds no such thing; ask its author for '
        'the weights alone.'
    )


def _is_pickle(filename: str) -> bool:
    """Whether this is a pickle of protocol 2 or later, on its own or in a zip file as torch writes it."""
    if zipfile.is_zipfile(filename):
        return True
    with open(filename, 'rb') as file:
        return file.read(1) == pickle.PROTO
