"""Helpers of all converters: rename keys by rules, and check them against the target network."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import torch
from torch import Tensor, nn

MAX_NAMED = 3


def rename(state_dict: Mapping[str, Tensor], rules: Sequence[tuple[str, str]], source: str) -> dict[str, Tensor]:
    """Rename keys by the first rule whose pattern matches their beginning.

    Args:
        state_dict: Weights under foreign names.
        rules: Regular expressions and replacements of the matched part, as in ``re.sub``.
        source: Name of the source, for messages.

    Returns:
        The tensors under our names.

    Raises:
        ValueError: If a key matches no rule, or two keys get the same name.
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
            raise ValueError(f'not weights of {source}: two keys map to {name}, one is {key}')
        renamed[name] = value
    if unknown:
        raise ValueError(f'not weights of {source}: unknown keys {_first(unknown)}')
    return renamed


def count_numbers(state_dict: Mapping[str, Tensor], pattern: str) -> int:
    """Count the distinct numbers in the group of ``pattern`` at the beginning of keys: the blocks of a list."""
    return len({match[1] for key in state_dict if (match := re.match(pattern, key))})


def weight_of(state_dict: Mapping[str, Tensor], key: str, ndim: int, source: str) -> Tensor | None:
    """Return a weight to infer sizes from, or None if it is missing: ``check_fits`` reports missing keys.

    Args:
        state_dict: Weights under any names.
        key: Name of the weight.
        ndim: Its dimensions in the network, 4 for a convolution's weight and 1 for a bias.
        source: Name of the source, for messages.

    Raises:
        ValueError: If it has another number of dimensions, one of them is 0, or it contains integers.
    """
    value = state_dict.get(key)
    if value is None:
        return None
    _require_floating_point(key, value, source)
    if value.ndim != ndim or 0 in value.shape:
        raise ValueError(
            f'not weights of {source}: {key} must have {ndim} non-empty dimensions, but is {tuple(value.shape)}'
        )
    return value


def check_fits(state_dict: dict[str, Tensor], build: Callable[[], nn.Module], source: str) -> dict[str, Tensor]:
    """Compare converted weights with their network.

    Args:
        state_dict: Weights under our names.
        build: Builds the network; called on the meta device, where tensors take no memory.
        source: Name of the source, for messages.

    Returns:
        ``state_dict``, in the order of the network and complete.

    Raises:
        ValueError: If no network can be built, keys are missing or unexpected, a shape differs, or a tensor contains
            integers where the network has floating-point numbers.
    """
    try:
        with torch.device('meta'):
            network = build()
    except ValueError as error:
        raise ValueError(f'not weights of {source}: no network fits them: {error}') from error
    return check_tensors(state_dict, network.state_dict(), type(network).__name__, source)


def check_tensors(
    state_dict: dict[str, Tensor], expected: Mapping[str, Tensor], network: str, source: str
) -> dict[str, Tensor]:
    """Compare converted weights with names and shapes, without building the network.

    Args:
        state_dict: Weights under our names.
        expected: All names, with tensors of the meta device.
        network: Name of the network, for messages.
        source: Name of the source, for messages.

    Returns:
        ``state_dict``, in the order of ``expected`` and complete.

    Raises:
        ValueError: If keys are missing or unexpected, a shape differs, or a tensor contains integers where the network
            has floating-point numbers.
    """
    # Some converters omit num_batches_tracked, which does not affect the output.
    optional = {key for key in expected if key.endswith('.num_batches_tracked')}
    missing = [key for key in expected if key not in state_dict and key not in optional]
    if missing:
        raise ValueError(f'incomplete weights of {source}: missing {_first(missing)}')
    unknown = [key for key in state_dict if key not in expected]
    if unknown:
        raise ValueError(f'not weights of {source}: {network} has no {_first(unknown)}')
    for key, value in state_dict.items():
        if value.shape != expected[key].shape:
            raise ValueError(
                f'not weights of {source}: {key} must be {tuple(expected[key].shape)}, but is {tuple(value.shape)}'
            )
        if expected[key].is_floating_point():
            _require_floating_point(key, value, source)
    zero = torch.zeros((), dtype=torch.long)
    return {key: state_dict.get(key, zero) for key in expected}


def _require_floating_point(key: str, value: Tensor, source: str) -> None:
    """Raise for integers: they would be loaded as weights, without the scale of their quantisation."""
    if not value.is_floating_point():
        raise ValueError(
            f'cannot convert these weights of {source}: {key} is {str(value.dtype).removeprefix("torch.")}, not '
            'floating point; if they are quantised, convert the unquantised weights'
        )


def _first(keys: Iterable[str]) -> str:
    keys = list(keys)
    more = f' and {len(keys) - MAX_NAMED} more' if len(keys) > MAX_NAMED else ''
    return ', '.join(keys[:MAX_NAMED]) + more
