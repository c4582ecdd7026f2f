"""``torch.load`` that never runs code a file carries, and still reads the checkpoints of mmengine.

``weights_only=True`` unpickles weights and plain containers only. Checkpoints of mmengine <= 0.10.7 hold a little more:
the message hub's histories (``HistoryBuffer`` with numpy arrays). The common way out, ``weights_only=False``, lets any
file that is called a checkpoint run code. Here the loader stays closed and is shown what such a file really holds, for
the time of one load. mmengine is imported for files that name its class and for no others.
"""

import codecs
import errno
import pickle
import re
import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch

from .file_kinds import begins_with_zeros, fault_of_weights, is_pickle

Allowed = list[Callable | tuple[Callable, str]]

HISTORY_MODULE = 'mmengine.logging.history_buffer'
# How torch names what it refuses to look up, and what it refuses to call or to build.
_UNSUPPORTED = re.compile(r'GLOBAL ([\w.]+)|Unsupported class ([\w.]+)|(?:unrecognized function|but got) (<.*?>)')
# The four that mmengine puts into the table of every history.
_STATISTICS = frozenset(('current', 'max', 'mean', 'min'))
# From here on torch can be shown more than its own list, under the names that a file has for it.
_HAS_ALLOW_LIST = tuple(int(part) for part in torch.__version__.split('+')[0].split('.')[:2]) >= (2, 6)


def load_torch_file(path: Path, map_location: Any = 'cpu') -> Any:
    """Load a file of ``torch.save`` without running any code it may carry.

    Args:
        path: An existing file.
        map_location: As in ``torch.load``.

    Returns:
        What the file holds.

    Raises:
        ValueError: If it is damaged, no checkpoint, or holds anything beside weights, plain containers, numpy arrays
            and mmengine's histories.
    """
    try:
        with warnings.catch_warnings():
            # What torch makes of other protocols and programs is said below.
            warnings.filterwarnings('ignore', message='Detected pickle protocol|.*looks like a TorchScript archive')
            try:
                return _load(path, map_location, _numpy_parts())
            except pickle.UnpicklingError as error:
                if HISTORY_MODULE not in str(error):
                    raise
            with _statistics_kept():
                return _load(path, map_location, [*_numpy_parts(), *_history_parts()])
    except (MemoryError, ImportError):
        raise
    except Exception as error:
        # Torch seeks before the beginning of a zip file that ends too early.
        unreadable = isinstance(error, OSError) and error.errno != errno.EINVAL
        if unreadable or _is_about_the_device(error):
            raise
        raise ValueError(_explain(path, error)) from None


def _load(path: Path, map_location: Any, allowed: Allowed) -> Any:
    if _HAS_ALLOW_LIST:
        with _shown_to_torch(allowed):
            return torch.load(path, map_location=map_location, weights_only=True)
    try:
        return torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError:
        return torch.load(path, map_location=map_location, weights_only=False, pickle_module=_restricted(allowed))


@contextmanager
def _shown_to_torch(allowed: Allowed) -> Iterator[None]:
    """Widen torch's list for a while by what is not on it yet."""
    present = set(torch.serialization.get_safe_globals())
    with torch.serialization.safe_globals([entry for entry in allowed if entry not in present]):
        yield


def _restricted(allowed: Allowed) -> ModuleType:
    """A pickle module for torch < 2.6 whose unpickler finds weights, plain containers and what is allowed."""
    functions = ('_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter')
    found = {('torch._utils', name): getattr(torch._utils, name) for name in functions}
    found |= {
        ('collections', 'OrderedDict'): OrderedDict,
        ('_codecs', 'encode'): codecs.encode,  # bytes in protocol 2
        ('torch', 'Size'): torch.Size,
        ('torch', 'device'): torch.device,
    }
    for name, value in vars(torch).items():
        if name.endswith('Storage') or isinstance(value, torch.dtype):
            found['torch', name] = value
    for entry in allowed:
        value, name = entry if isinstance(entry, tuple) else (entry, f'{entry.__module__}.{entry.__qualname__}')
        found[tuple(name.rsplit('.', 1))] = value

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in found:
                raise pickle.UnpicklingError(f'Unsupported GLOBAL {module}.{name}')
            return found[module, name]

    def load(file: Any, **kwargs: Any) -> Any:
        return Unpickler(file, **kwargs).load()

    module = ModuleType('restricted_pickle')
    vars(module).update(vars(pickle) | {'Unpickler': Unpickler, 'load': load, '__name__': 'restricted_pickle'})
    return module


def _numpy_parts() -> Allowed:
    """Arrays and numbers of numpy and numbers; a dtype is rebuilt through its own class, and object arrays stay out."""
    from numpy.core import multiarray

    dtypes = {type(np.dtype(code)) for code in np.typecodes['All'] if code not in 'OV'}
    reconstruct, scalar = multiarray._reconstruct, multiarray.scalar
    modules = ('numpy.core.multiarray', 'numpy._core.multiarray')
    arrays = [(function, f'{module}.{function.__name__}') for function in (reconstruct, scalar) for module in modules]
    return [np.dtype, np.ndarray, (_empty_bytes, 'builtins.bytes'), *dtypes, *arrays]


def _empty_bytes() -> bytes:
    """``bytes()``, the content of an empty array; with an argument it could fill the memory."""
    return b''


def _history_parts() -> Allowed:
    """Histories of mmengine, and ``getattr`` as far as they need it."""
    from mmengine.logging.history_buffer import HistoryBuffer

    return [HistoryBuffer, (_statistics_method, 'builtins.getattr')]


def _statistics_method(owner: object, name: str) -> Callable:
    """``getattr`` as far as a history needs it: the statistics methods of ``HistoryBuffer``."""
    from mmengine.logging.history_buffer import HistoryBuffer

    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise pickle.UnpicklingError(f'Unsupported use of GLOBAL builtins.getattr on {owner!r} for {name!r}')
    return getattr(HistoryBuffer, name)


@contextmanager
def _statistics_kept() -> Iterator[None]:
    """Keep mmengine's table of statistics: a history updates the table of its class from the file."""
    from mmengine.logging.history_buffer import HistoryBuffer

    methods = dict(HistoryBuffer._statistics_methods)
    try:
        yield
    finally:
        HistoryBuffer._statistics_methods.clear()
        HistoryBuffer._statistics_methods.update(HistoryBuffer()._statistics_methods | methods)


def _is_about_the_device(error: Exception) -> bool:
    """Whether torch could read the file, but not put it where ``map_location`` says."""
    return isinstance(error, RuntimeError) and any(word in str(error) for word in ('CUDA', 'cuda', 'device'))


def _explain(path: Path, error: Exception) -> str:
    """One line for the user, from what torch has to say to programmers."""
    reason = str(error)
    if isinstance(error, pickle.UnpicklingError):
        if found := _UNSUPPORTED.search(reason):
            return _refusal(path, next(group for group in found.groups() if group))
        if 'Unsupported operand' in reason and is_pickle(path):
            return _refusal(path, 'pickle operations that weights have no use for')
    if 'TorchScript' in reason:
        return _refusal(path, 'a TorchScript program')
    if 'legacy .tar' in reason and not begins_with_zeros(path):
        return _refusal(path, "objects in the tar format of torch 0.1 (save it anew with today's torch)")
    return fault_of_weights(path)


def _refusal(path: Path, content: str) -> str:
    return (
        f'{path} is refused: beside weights it carries {content}, which could run code on loading. Nothing of it '
        'was run. A checkpoint of mmengine, mmagic or plain PyTorch weights holds no such thing; ask its author for '
        'the weights alone.'
    )
