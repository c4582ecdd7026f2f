"""What all key conversions share: renaming by rules, and a check against the network they convert for."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

MAX_NAMED = 3


def rename(state_dict: Mapping[str, Tensor], rules: Sequence[tuple[str, str]], source: str) -> dict[str, Tensor]:
    """Rename keys by the first rule whose pattern matches their beginning.

    Args:
        state_dict: Weights under foreign names.
        rules: Regular expressions and what replaces the part they match, as in ``re.sub``.
        source: What the rules are for, for messages.

    Returns:
        The same tensors under our names.

    Raises:
        ValueError: If a key fits no rule, or two keys become one.
    """
    renamed: dict[str, Tensor] = {}
    unknown = []
    for key, value in state_dict.items():
        for pattern, replacement in rules:
            name, matches = re.subn(f'^(?:{pattern})', replacement, key)
            if matches:
                break
        else:
            unknown.append(key)
            continue
        if name in renamed:
            raise ValueError(f'these are no weights of {source}: two keys stand for {name}, one is {key}')
        renamed[name] = value
    if unknown:
        raise ValueError(f'these are no weights of {source}: unknown keys {_first(unknown)}')
    return renamed


def count_numbers(state_dict: Mapping[str, Tensor], pattern: str) -> int:
    """How many different numbers the group of ``pattern`` takes at the beginning of keys: the blocks of a list."""
    return len({match[1] for key in state_dict if (match := re.match(pattern, key))})


def weight_of(state_dict: Mapping[str, Tensor], key: str, ndim: int, source: str) -> Tensor | None:
    """A weight to read sizes from or to compute with, or None: missing keys are named by ``check_fits``.

    Args:
        state_dict: Weights under any names.
        key: Which of them.
        ndim: Dimensions that it has in the network, 4 for a convolution's weight and 1 for a bias.
        source: What they were converted from, for messages.

    Raises:
        ValueError: If it has another number of dimensions, one of them is 0, or it holds whole numbers.
    """
    value = state_dict.get(key)
    if value is None:
        return None
    _require_floating_point(key, value, source)
    if value.ndim != ndim or 0 in value.shape:
        raise ValueError(
            f'these are no weights of {source}: {key} should have {ndim} dimensions and hold numbers, '
            f'but is {tuple(value.shape)}'
        )
    return value


def check_fits(state_dict: dict[str, Tensor], build: Callable[[], nn.Module], source: str) -> dict[str, Tensor]:
    """Compare converted weights with the network they are for.

    Args:
        state_dict: Weights under our names.
        build: Builds that network; it is called where tensors take no memory.
        source: What they were converted from, for messages.

    Returns:
        ``state_dict``, in the order of the network and complete.

    Raises:
        ValueError: If no network can be built, keys are missing or left over, a shape differs, or a tensor holds whole
            numbers where the network has others.
    """
    try:
        with torch.device('meta'):
            network = build()
    except ValueError as error:
        raise ValueError(f'these are no weights of {source}: there is no such network: {error}') from error
    return check_tensors(state_dict, network.state_dict(), type(network).__name__, source)


def check_tensors(
    state_dict: dict[str, Tensor], expected: Mapping[str, Tensor], network: str, source: str
) -> dict[str, Tensor]:
    """Compare converted weights with names and shapes, where the network itself need not be built.

    Args:
        state_dict: Weights under our names.
        expected: Names and tensors that take no memory, all of them.
        network: Name of the network, for messages.
        source: What they were converted from, for messages.

    Returns:
        ``state_dict``, in the order of ``expected`` and complete.

    Raises:
        ValueError: If keys are missing or left over, a shape differs, or a tensor holds whole numbers where the network
            has others.
    """
    # How many batches a normalisation has seen is left out by some converters and changes nothing.
    optional = {key for key in expected if key.endswith('.num_batches_tracked')}
    missing = [key for key in expected if key not in state_dict and key not in optional]
    if missing:
        raise ValueError(f'these are no complete weights of {source}: nothing for {_first(missing)}')
    unknown = [key for key in state_dict if key not in expected]
    if unknown:
        raise ValueError(f'these are no weights of {source}: {network} has no {_first(unknown)}')
    for key, value in state_dict.items():
        if value.shape != expected[key].shape:
            raise ValueError(
                f'these are no weights of {source}: {key} should be {tuple(expected[key].shape)}, '
                f'but is {tuple(value.shape)}'
            )
        if expected[key].is_floating_point():
            _require_floating_point(key, value, source)
    zero = torch.zeros((), dtype=torch.long)
    return {key: state_dict.get(key, zero) for key in expected}


def _require_floating_point(key: str, value: Tensor, source: str) -> None:
    """Refuse whole numbers: they would be loaded as the weights themselves, without the scale of their quantisation."""
    if not value.is_floating_point():
        raise ValueError(
            f'these weights of {source} cannot be converted: {key} is {str(value.dtype).removeprefix("torch.")}, '
            'not floating point; if they were quantised, convert those from before that'
        )


def _first(keys: Iterable[str]) -> str:
    keys = list(keys)
    more = f' and {len(keys) - MAX_NAMED} more' if len(keys) > MAX_NAMED else ''
    return ', '.join(keys[:MAX_NAMED]) + more
