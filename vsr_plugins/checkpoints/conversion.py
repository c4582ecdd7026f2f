"""Convert released weights: list the sources and convert files."""

import pkgutil
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType

from torch import Tensor

from . import converters
from .weight_files import read_weights, write_weights


def find_converters() -> dict[str, ModuleType]:
    """Return the modules of ``converters`` that convert weights, by the name for ``vsr convert --from``.

    Each has ``convert(state_dict)`` and a docstring whose first line names the source of the weights. A module whose
    files ``read_weights`` cannot read has ``read(path)``.
    """
    modules = {name: import_module(f'{converters.__name__}.{name}') for name in _names()}
    return {name: module for name, module in modules.items() if hasattr(module, 'convert')}


def _names() -> list[str]:
    return sorted(module.name for module in pkgutil.iter_modules(converters.__path__))


def convert_state_dict(source: str, state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert released weights in memory.

    Args:
        source: Name of the source, see ``find_converters``.
        state_dict: Weights as they were released.

    Returns:
        The weights under the names of the network, complete and in its order.

    Raises:
        ValueError: If the source is unknown or the weights are not of it; the message has the first missing or unknown
            names.
    """
    return _source(source).convert(state_dict)


def read_released(source: str, path: Path | str) -> dict[str, Tensor]:
    """Read and convert a file of released weights.

    Args:
        source: Name of the source, see ``find_converters``.
        path: Released file, of any kind that ``read_weights`` takes; of an ncnn model its .param or .bin.

    Returns:
        Weights under the names of the network, without a prefix.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the source is unknown, or the file is damaged or contains other weights.
    """
    module = _source(source)
    return module.convert(getattr(module, 'read', read_weights)(path))


def _source(name: str) -> ModuleType:
    # Do not import the other modules: some import MMagic.
    module = import_module(f'{converters.__name__}.{name}') if name in _names() else None
    if not hasattr(module, 'convert'):
        raise ValueError(f'unknown source {name!r}; choose from {", ".join(find_converters())}')
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
    """Convert a file of released weights to a file that our networks load.

    Args:
        source: Name of the source, see ``find_converters``.
        weights: Released file, see ``read_released``.
        output: File to write, in a format of ``write_weights``.
        prefix: Prepended to each name. In a model of the configs the network is ``generator``; a bare network needs
            ``''``.
        force: Overwrite an existing ``output``.
        half: Write half precision.
        without: Prefixes of names of the network, before ``prefix`` is prepended; weights with these are omitted, for a
            network without these parts.
        meta: Additional metadata to write; the source is always included.

    Returns:
        Number of tensors written.

    Raises:
        ValueError: If the source is unknown, or the file is damaged or contains other weights; the message has the
            first missing or unknown names. Or if no name has a prefix of ``without``, or all have.
        FileNotFoundError: If the file does not exist.
        FileExistsError: If ``output`` exists and ``force`` is False.
    """
    converted = _without(read_released(source, weights), without)
    meta = {'converted_from': source, 'network': _source(source).NETWORK, **(meta or {})}
    write_weights({prefix + key: value for key, value in converted.items()}, output, meta, force, half)
    return len(converted)


def _without(weights: Mapping[str, Tensor], prefixes: Sequence[str]) -> dict[str, Tensor]:
    for prefix in prefixes:
        if not any(name.startswith(prefix) for name in weights):
            parts = ', '.join(dict.fromkeys(f'{name.split(".")[0]}.' for name in weights))
            raise ValueError(f'--without: no name begins with {prefix!r}; choose from {parts}')
    kept = {name: value for name, value in weights.items() if not name.startswith(tuple(prefixes))}
    if not kept:
        raise ValueError(f'--without {" ".join(prefixes)} excludes all weights')
    return kept
