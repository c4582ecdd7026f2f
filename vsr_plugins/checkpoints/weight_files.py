"""Files of weights: read without running code, written whole or not at all."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..media.atomic_files import atomic_write
from .file_kinds import fault_of_weights, is_safetensors
from .safe_loading import load_torch_file

SAFETENSORS = '.safetensors'
SUFFIXES = (SAFETENSORS, '.pth', '.pt')
# Under which name checkpoints hold their weights, first come first taken. Of a file with both `params_ema`, an average
# over the training, and `params` the average is taken, as BasicSR takes it by default.
NESTED = ('params_ema', 'params', 'state_dict', 'model_state_dict', 'model')
# What parallel training and torch.compile put before each name.
WRAPPERS = ('module.', '_orig_mod.')


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """Weights of a safetensors file or of a PyTorch checkpoint of any framework, on the CPU.

    The format is told from the content, so the suffix does not matter (``.safetensors``, ``.pth``, ``.pt``, ``.ckpt``,
    ...). The weights may lie bare in the file or under a name of ``NESTED``. What lies beside them (optimizer,
    iteration) is left out, and so is the ``module.`` that parallel training puts before each name. Nothing in the file
    is run.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, something else, carries anything but weights and plain containers, or holds no
            weights.
    """
    content = read_checkpoint(path)
    weights = find_weights(content)
    if weights is None:
        if not isinstance(content, Mapping):
            raise ValueError(f'{path} holds no weights by name, but a {type(content).__name__}')
        raise ValueError(f'{path} holds no weights, only {", ".join(map(str, list(content)[:5])) or "nothing"}')
    return weights


def read_checkpoint(path: Path | str, map_location: Any = 'cpu') -> Any:
    """All that a safetensors file or a PyTorch checkpoint holds, without running any code it may carry.

    Args:
        path: The file, of any suffix.
        map_location: Where the tensors go, as in ``torch.load``; of a safetensors file a device or its name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, something else, or carries anything but weights, plain containers, numpy arrays
            and mmengine's histories; or if ``map_location`` is no device where it must be.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'there are no weights at {path.absolute()}')
    if path.suffix != SAFETENSORS and not is_safetensors(path):
        return load_torch_file(path, map_location)
    if not isinstance(map_location, str | torch.device | None):
        raise ValueError(f'map_location must be a device for a safetensors file, but got {map_location!r}')
    try:
        return load_file(path, device=str(map_location or 'cpu'))
    except SafetensorError:
        raise ValueError(fault_of_weights(path)) from None


def find_weights(content: Any) -> dict[str, Tensor] | None:
    """The weights in what a checkpoint holds, see ``read_weights``; None where there are none."""
    while isinstance(content, Mapping):
        nested = next((content[key] for key in NESTED if isinstance(content.get(key), Mapping)), None)
        if nested is None:
            break
        content = nested
    if not isinstance(content, Mapping):
        return None
    weights = OrderedDict((str(key), value) for key, value in content.items() if isinstance(value, Tensor))
    if not weights:
        return None
    bare = without_wrappers(weights)
    if list(bare) == list(weights):
        # With versions of layers, after which torch renames what older ones called otherwise.
        bare._metadata = getattr(content, '_metadata', OrderedDict())
    return bare


def without_wrappers(weights: Mapping[str, Tensor]) -> 'OrderedDict[str, Tensor]':
    """Without what ``WRAPPERS`` put before every name."""
    for wrapper in (*WRAPPERS, *WRAPPERS):
        if weights and all(name.startswith(wrapper) for name in weights):
            weights = {name.removeprefix(wrapper): value for name, value in weights.items()}
    return OrderedDict(weights)


def write_weights(
    weights: Mapping[str, Tensor],
    path: Path | str,
    meta: Mapping[str, str] | None = None,
    force: bool = False,
    half: bool = False,
) -> None:
    """Write weights as safetensors or as a checkpoint of mmengine, by the suffix of ``path``.

    Args:
        weights: Names and tensors.
        path: A file that ends in ``.safetensors``, ``.pth`` or ``.pt``.
        meta: What to say beside them.
        force: Replace a file that is there.
        half: Write numbers with a point in half precision, for half the size; a network takes them as its own.

    Raises:
        ValueError: If the suffix is another, or a number is too large for half precision.
        FileExistsError: If the file is there and ``force`` is not given.
    """
    path = Path(path).expanduser()
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: weights are written as {", ".join(SUFFIXES)}, but the suffix is {path.suffix!r}')
    if path.exists() and not force:
        raise FileExistsError(f'{path} is already there; --force replaces it')
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().cpu().contiguous() for key, value in weights.items()}
    if half:
        tensors = {key: _halved(key, value) for key, value in tensors.items()}
    with atomic_write(path) as partial:
        if path.suffix == SAFETENSORS:
            # safetensors refuses tensors that share memory.
            save_file({key: value.clone() for key, value in tensors.items()}, partial, metadata=dict(meta or {}))
        else:
            torch.save({'meta': dict(meta or {}), 'state_dict': tensors}, partial)


def _halved(key: str, value: Tensor) -> Tensor:
    if not value.is_floating_point():
        return value
    halved = value.half()
    if halved.isinf().any() and not value.isinf().any():
        raise ValueError(f'{key} has numbers up to {value.abs().max():g}, too large for half precision')
    return halved
