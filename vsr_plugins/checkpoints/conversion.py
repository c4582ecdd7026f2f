"""Conversion of released weights: which sources there are, and from file to file."""

import pkgutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from torch import Tensor

from . import converters
from .weight_files import read_weights, write_weights


def find_converters() -> dict[str, ModuleType]:
    """The modules of ``converters`` that convert weights, by the name ``vsr convert --from`` takes.

    Each has ``convert(state_dict)`` and a docstring whose first line says whose weights they are. One whose files are
    none of ``read_weights`` has ``read(path)``.
    """
    modules = {name: import_module(f'{converters.__name__}.{name}') for name in _names()}
    return {name: module for name, module in modules.items() if hasattr(module, 'convert')}


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(converters.__path__))


def convert_state_dict(source: str, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert released weights in memory.

    Args:
        source: Name of the source, see ``sources``.
        state_dict: Weights as they were released.

    Returns:
        The same under the names of the network, complete and in its order.

    Raises:
        ValueError: If the source is unknown or these are other weights; the first missing or unknown names are given.
    """
    return _source(source).convert(state_dict)


def read_released(source: str, path: Path | str) -> dict[str, Tensor]:
    """Read and convert a file of released weights.

    Args:
        source: Name of the source, see ``sources``.
        path: File as it was released, of any kind that ``read_weights`` takes; of an ncnn model its .param or .bin.

    Returns:
        Weights under the names of the network, without a prefix.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the source is unknown, or the file is damaged or holds other weights.
    """
    module = _source(source)
    return module.convert(getattr(module, 'read', read_weights)(path))


def _source(name: str) -> ModuleType:
    # The others are left alone: some import MMagic.
    module = import_module(f'{converters.__name__}.{name}') if name in _names() else None
    if not hasattr(module, 'convert'):
        raise ValueError(f'there is no source {name!r}; there are {", ".join(find_converters())}')
    return module


def convert_weights(
    source: str,
    weights: Path | str,
    output: Path | str,
    prefix: str = 'generator.',
    force: bool = False,
    half: bool = False,
    without: Sequence[str] = (),
    meta: Mapping[str, str] | None = None,
) -> int:
    """Convert a file of released weights into one that our networks load.

    Args:
        source: Name of the source, see ``sources``.
        weights: File as it was released, see ``read_released``.
        output: File to write, of the same kinds.
        prefix: Put before each name. A model of the configs holds its network as ``generator``; a bare network wants
            ``''``.
        force: Replace ``output`` if it is there.
        half: Write half precision.
        without: Beginnings of names of the network, as they are before ``prefix``; the weights that have them are left
            out, for a network without these parts.
        meta: What to say beside the weights, besides where they come from.

    Returns:
        How many tensors were written.

    Raises:
        ValueError: If the source is unknown, or the file is damaged or holds other weights; the first missing or
            unknown names are given. Or if no name begins as ``without`` says, or all do.
        FileNotFoundError: If there is no such file.
        FileExistsError: If ``output`` is there and ``force`` is not given.
    """
    converted = _without(read_released(source, weights), without)
    meta = {'converted_from': source, 'network': _source(source).NETWORK, **(meta or {})}
    write_weights({prefix + key: value for key, value in converted.items()}, output, meta, force, half)
    return len(converted)


def _without(weights: Mapping[str, Tensor], beginnings: Sequence[str]) -> dict[str, Tensor]:
    for beginning in beginnings:
        if not any(name.startswith(beginning) for name in weights):
            parts = ', '.join(dict.fromkeys(f'{name.split(".")[0]}.' for name in weights))
            raise ValueError(f'--without: no name begins with {beginning!r}, but with {parts}')
    kept = {name: value for name, value in weights.items() if not name.startswith(tuple(beginnings))}
    if not kept:
        raise ValueError(f'--without {" ".join(beginnings)} leaves no weights')
    return kept
