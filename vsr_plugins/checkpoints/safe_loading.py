"""Load checkpoints by ``torch.load`` without running code from the file, including checkpoints of mmengine.

``weights_only=True`` unpickles weights and builtin containers only. Checkpoints of mmengine <= 0.10.7 also contain the
message hub's histories (``HistoryBuffer`` with numpy arrays). The common workaround, ``weights_only=False``, lets any
file called a checkpoint run code. Here the loader stays restricted; the classes that such a file really contains are
allowed for the time of one load. mmengine is imported only for files that name its class.
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
# Torch's messages about names it refuses to look up, call or build.
_UNSUPPORTED = re.compile(r'GLOBAL ([\w.]+)|Unsupported class ([\w.]+)|(?:unrecognized function|but got) (<.*?>)')
# The four methods that mmengine puts into the table of every history.
_STATISTICS = frozenset(('current', 'max', 'mean', 'min'))
# From this version on, torch accepts additional classes, under the names that a file uses.
_HAS_ALLOW_LIST = tuple(int(part) for part in torch.__version__.split('+')[0].split('.')[:2]) >= (2, 6)


def load_torch_file(path: Path, map_location: Any = 'cpu') -> Any:
    """Load a file of ``torch.save`` without running code from it.

    Args:
        path: An existing file.
        map_location: As in ``torch.load``.

    Returns:
        Contents of the file.

    Raises:
        ValueError: If it is damaged, not a checkpoint, or contains anything but weights, builtin containers, numpy
            arrays and mmengine's histories.
    """
    try:
        with warnings.catch_warnings():
            # Other protocols and programs are reported below.
            warnings.filterwarnings('ignore', message='Detected pickle protocol|.*looks like a TorchScript archive')
            try:
                return _load(path, map_location, _numpy_parts())
            except pickle.UnpicklingError as error:
                if HISTORY_MODULE not in str(error):
                    raise
            with _preserved_statistics():
                return _load(path, map_location, [*_numpy_parts(), *_history_parts()])
    except (MemoryError, ImportError):
        raise
    except Exception as error:
        # For a truncated zip file, torch seeks before its beginning.
        unreadable = isinstance(error, OSError) and error.errno != errno.EINVAL
        if unreadable or _is_device_error(error):
            raise
        raise ValueError(_explain(path, error)) from None


def _load(path: Path, map_location: Any, allowed: Allowed) -> Any:
    if _HAS_ALLOW_LIST:
        with _allowed_globals(allowed):
            return torch.load(path, map_location=map_location, weights_only=True)
    try:
        return torch.load(path, map_location=map_location, weights_only=True)
    except pickle.UnpicklingError:
        return torch.load(path, map_location=map_location, weights_only=False, pickle_module=_restricted(allowed))


@contextmanager
def _allowed_globals(allowed: Allowed) -> Iterator[None]:
    """Add missing entries to torch's list of safe globals within the context."""
    present = set(torch.serialization.get_safe_globals())
    with torch.serialization.safe_globals([entry for entry in allowed if entry not in present]):
        yield


def _restricted(allowed: Allowed) -> ModuleType:
    """Return a pickle module for torch < 2.6 whose unpickler accepts weights, builtin containers and ``allowed``."""
    functions = ('_rebuild_tensor', '_rebuild_tensor_v2', '_rebuild_parameter')
    classes = {('torch._utils', name): getattr(torch._utils, name) for name in functions}
    classes |= {
        ('collections', 'OrderedDict'): OrderedDict,
        ('_codecs', 'encode'): codecs.encode,  # bytes in protocol 2
        ('torch', 'Size'): torch.Size,
        ('torch', 'device'): torch.device,
    }
    for name, value in vars(torch).items():
        if name.endswith('Storage') or isinstance(value, torch.dtype):
            classes['torch', name] = value
    for entry in allowed:
        value, name = entry if isinstance(entry, tuple) else (entry, f'{entry.__module__}.{entry.__qualname__}')
        module, _, attribute = name.rpartition('.')
        classes[module, attribute] = value
        if module == 'builtins':
            classes['__builtin__', attribute] = value  # the name in protocol 2

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in classes:
                raise pickle.UnpicklingError(f'Unsupported GLOBAL {module}.{name}')
            return classes[module, name]

    def load(file: Any, **kwargs: Any) -> Any:
        return Unpickler(file, **kwargs).load()

    module = ModuleType('restricted_pickle')
    vars(module).update(vars(pickle) | {'Unpickler': Unpickler, 'load': load, '__name__': 'restricted_pickle'})
    return module


def _numpy_parts() -> Allowed:
    """Return the parts of numpy arrays and numbers; dtypes are rebuilt through their classes, without object arrays."""
    from numpy.core import multiarray

    dtypes = {type(np.dtype(code)) for code in np.typecodes['All'] if code not in 'OV'}
    reconstruct, scalar = multiarray._reconstruct, multiarray.scalar
    modules = ('numpy.core.multiarray', 'numpy._core.multiarray')
    arrays = [(function, f'{module}.{function.__name__}') for function in (reconstruct, scalar) for module in modules]
    return [np.dtype, np.ndarray, (_empty_bytes, 'builtins.bytes'), *dtypes, *arrays]


def _empty_bytes() -> bytes:
    """Replace ``bytes()``, the content of an empty array; with an argument it could fill the memory."""
    return b''


def _history_parts() -> Allowed:
    """Return the parts of mmengine's histories, with a restricted ``getattr``."""
    from mmengine.logging.history_buffer import HistoryBuffer

    return [HistoryBuffer, (_statistics_method, 'builtins.getattr')]


def _statistics_method(owner: object, name: str) -> Callable:
    """Replace ``getattr`` for histories: it returns only the statistics methods of ``HistoryBuffer``."""
    from mmengine.logging.history_buffer import HistoryBuffer

    if owner is not HistoryBuffer or name not in _STATISTICS:
        raise pickle.UnpicklingError(f'Unsupported use of GLOBAL builtins.getattr on {owner!r} for {name!r}')
    return getattr(HistoryBuffer, name)


@contextmanager
def _preserved_statistics() -> Iterator[None]:
    """Restore mmengine's table of statistics on exit: a history updates the table of its class from the file."""
    from mmengine.logging.history_buffer import HistoryBuffer

    methods = dict(HistoryBuffer._statistics_methods)
    try:
        yield
    finally:
        HistoryBuffer._statistics_methods.clear()
        HistoryBuffer._statistics_methods.update(HistoryBuffer()._statistics_methods | methods)


def _is_device_error(error: Exception) -> bool:
    """Whether torch could read the file, but not move it to ``map_location``."""
    return isinstance(error, RuntimeError) and any(word in str(error) for word in ('CUDA', 'cuda', 'device'))


def _explain(path: Path, error: Exception) -> str:
    """Convert torch's error to one line for the user."""
    reason = str(error)
    if isinstance(error, pickle.UnpicklingError):
        if match := _UNSUPPORTED.search(reason):
            return _refusal(path, next(group for group in match.groups() if group))
        if 'Unsupported operand' in reason and is_pickle(path):
            return _refusal(path, 'pickle operations that weights do not need')
    if 'TorchScript' in reason:
        return _refusal(path, 'a TorchScript program')
    if 'legacy .tar' in reason and not begins_with_zeros(path):
        return _refusal(path, "objects in the tar format of torch 0.1 (save it again with today's torch)")
    return fault_of_weights(path)


def _refusal(path: Path, content: str) -> str:
    return (
        f'{path} was not loaded: besides weights it contains {content}, which could run code on loading. No code was '
        'run. A checkpoint of mmengine, mmagic or bare PyTorch weights contains no such thing; ask its author for the '
        'weights only.'
    )
