"""Files of weights: read without running code, written whole or not at all."""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..whole_files import whole_file

SAFETENSORS = '.safetensors'
SUFFIXES = (SAFETENSORS, '.pth', '.pt')
# Under which name checkpoints hold their weights; an averaged copy is the one to use.
NESTED = ('params_ema', 'params', 'state_dict', 'model_state_dict', 'model')


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """Weights of a ``.safetensors`` file or of a checkpoint of any framework, on the CPU.

    What stands beside the weights (optimizer, iteration) is left out, and so is the ``module.`` that parallel training
    puts before each name. Nothing in the file is run.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, carries anything but weights and plain containers, or holds no weights.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'there are no weights at {path.absolute()}')
    content = _read(path)
    for key in NESTED:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
            break
    if not isinstance(content, Mapping):
        raise ValueError(f'{path} holds no weights by name, but a {type(content).__name__}')
    weights = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
    if not weights:
        raise ValueError(f'{path} holds no weights, only {", ".join(map(str, list(content)[:5])) or "nothing"}')
    if all(key.startswith('module.') for key in weights):
        weights = {key.removeprefix('module.'): value for key, value in weights.items()}
    return weights


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
    with whole_file(path) as partial:
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


def load_from_safetensors(filename: str, map_location: Any = None) -> dict[str, Any]:
    """What mmengine calls for ``--checkpoint FILE.safetensors``, ``load_from`` and ``init_cfg``.

    Args:
        filename: Path of the file.
        map_location: A device or its name; None for the CPU.

    Returns:
        A checkpoint as mmengine has them.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or ``map_location`` is no device.
    """
    if not isinstance(map_location, str | torch.device | None):
        raise ValueError(f'map_location must be a device for a safetensors file, but got {map_location!r}')
    device = torch.device(map_location or 'cpu')
    return {'meta': {}, 'state_dict': {key: value.to(device) for key, value in read_weights(filename).items()}}


def _read(path: Path) -> Any:
    if path.suffix == SAFETENSORS:
        try:
            return load_file(path)
        except SafetensorError as error:
            raise ValueError(f'{path} is damaged or no safetensors file: {error}') from None
    try:
        # From here on torch's default is to load weights alone, and mmengine's loader knows what a training adds.
        if tuple(map(int, torch.__version__.split('.')[:2])) >= (2, 6):
            from mmengine.runner.checkpoint import CheckpointLoader

            return CheckpointLoader.load_checkpoint(str(path), map_location='cpu', logger='silent')
        return torch.load(path, map_location='cpu', weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError(
            f'{path} is damaged, or carries more than weights, which could run code on loading; nothing of it was '
            f'run. Ask its author for the weights alone. (torch: {str(error).splitlines()[0]})'
        ) from None
    except (RuntimeError, EOFError, KeyError) as error:
        raise ValueError(f'{path} is damaged or no PyTorch checkpoint: {str(error).splitlines()[:1]}') from None
