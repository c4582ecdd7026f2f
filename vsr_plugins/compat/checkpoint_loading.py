"""Mends mmengine <= 0.10.7, whose checkpoints torch >= 2.6 refuses to load; goes when mmengine passes an allow-list.

Since 2.6 ``torch.load`` unpickles weights and plain containers only. mmengine's own checkpoints hold a little more: the
message hub's histories (``HistoryBuffer`` with numpy arrays), so that neither ``--resume`` nor ``mim test`` works. The
common way out, ``weights_only=False``, lets any file that is called a checkpoint run code. Here the loader stays
closed and is shown what such a file really holds, for the time of one load.
"""

import os.path as osp
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from mmengine.logging.history_buffer import HistoryBuffer
from mmengine.runner.checkpoint import CheckpointLoader

_UNSUPPORTED = re.compile(r'GLOBAL ([\w.]+)|Trying to (?:load|call) ([\w.]+)|function ([\w.]+)')


def is_needed() -> bool:
    """Whether this torch loads weights only, and can be shown more."""
    return tuple(int(part) for part in torch.__version__.split('+')[0].split('.')[:2]) >= (2, 6)


def apply() -> None:
    """Put ``load_local`` in the place of mmengine's loader of local files."""
    CheckpointLoader.register_scheme(prefixes='', loader=load_local, force=True)


def load_local(filename: str, map_location: Any = None) -> Any:
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
        with torch.serialization.safe_globals(_allowed()):
            return torch.load(filename, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(_explain(filename, str(error))) from None
    except (RuntimeError, EOFError, KeyError, IndexError, AttributeError, TypeError, UnicodeDecodeError) as error:
        if isinstance(error, RuntimeError) and 'PytorchStreamReader' not in str(error) and 'corrupt' not in str(error):
            raise
        raise ValueError(_damaged(filename)) from error


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
    # mmengine fills its table of methods when the first history is made, which may not have been yet.
    known = HistoryBuffer()._statistics_methods
    if owner is not HistoryBuffer or name not in known:
        raise pickle.UnpicklingError(f'Unsupported use of GLOBAL builtins.getattr on {owner!r} for {name!r}')
    return getattr(HistoryBuffer, name)


def _empty_bytes() -> bytes:
    """``bytes()``, the content of an empty array; with an argument it could fill the memory."""
    return b''


def _explain(filename: str, error: str) -> str:
    found = _UNSUPPORTED.search(error)
    if found is None:
        return _damaged(filename)
    name = next(group for group in found.groups() if group)
    return (
        f'{filename} is refused: beside weights it carries {name}, which would run code on loading. Nothing of it was '
        'run. A checkpoint of mmengine, mmagic or plain PyTorch weights holds no such thing; ask its author for the '
        'weights alone.'
    )


def _damaged(filename: str) -> str:
    size = osp.getsize(filename)
    return f'{filename} ({size} bytes) is damaged or no PyTorch checkpoint; was it copied or downloaded to its end?'
