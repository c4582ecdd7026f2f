"""Read weight files without running code, and write them atomically."""

from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from ..media.atomic_files import atomic_write, require_output
from .file_kinds import fault_of_weights, is_safetensors
from .safe_loading import load_torch_file

SAFETENSORS = '.safetensors'
SUFFIXES = (SAFETENSORS, '.pth', '.pt')
# Names under which checkpoints store their weights, in order of preference. `params_ema`, an average over the training,
# is preferred to `params`, as BasicSR does by default.
NESTED = ('params_ema', 'params', 'state_dict', 'model_state_dict', 'model')
# Prefixes that parallel training and torch.compile add to each name.
WRAPPERS = ('module.', '_orig_mod.')


def read_weights(path: Path | str) -> dict[str, Tensor]:
    """Read the weights of a safetensors file or of a PyTorch checkpoint of any framework, to the CPU.

    The format is detected from the content, regardless of the suffix (``.safetensors``, ``.pth``, ``.pt``, ``.ckpt``,
    ...). The weights may be at the top level of the file or under a name of ``NESTED``. Other contents (optimizer,
    iteration) are ignored, and the ``module.`` prefix of parallel training is removed. No code of the file is run.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is damaged, of another kind, contains anything but weights and builtin containers, or has no
            weights.
    """
    content = read_checkpoint(path)
    weights = find_weights(content)
    if weights is None:
        if not isinstance(content, Mapping):
            raise ValueError(f'{path} contains no named weights, but a {type(content).__name__}')
        raise ValueError(
            f'{path} contains no weights, only {", ".join(map(str, list(content)[:5])) or "an empty mapping"}'
        )
    return weights


def read_checkpoint(path: Path | str, map_location: Any = 'cpu') -> Any:
    """Read all contents of a safetensors file or a PyTorch checkpoint, without running code from it.

    Args:
        path: The file, of any suffix.
        map_location: Target of the tensors, as in ``torch.load``; of a safetensors file a device or its name.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is damaged, of another kind, or contains anything but weights, builtin containers, numpy
            arrays and mmengine's histories; or if ``map_location`` must be a device and is not.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f'no weights at {path.absolute()}')
    if path.suffix != SAFETENSORS and not is_safetensors(path):
        return load_torch_file(path, map_location)
    if not isinstance(map_location, str | torch.device | None):
        raise ValueError(f'map_location must be a device for a safetensors file, but got {map_location!r}')
    try:
        return load_file(path, device=str(map_location or 'cpu'))
    except SafetensorError:
        raise ValueError(fault_of_weights(path)) from None


def find_weights(content: Any) -> dict[str, Tensor] | None:
    """Return the weights in the contents of a checkpoint, see ``read_weights``; None if there are none."""
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
        # The metadata has versions of layers, by which torch renames parameters of older ones.
        bare._metadata = getattr(content, '_metadata', OrderedDict())
    return bare


def without_wrappers(weights: Mapping[str, Tensor]) -> 'OrderedDict[str, Tensor]':
    """Remove the prefixes of ``WRAPPERS`` that all names have."""
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
        meta: Metadata to write.
        force: Overwrite an existing file.
        half: Write floating-point numbers in half precision, for half the size; a network loads them in its own dtype.

    Raises:
        ValueError: If the suffix is unknown, or a number is too large for half precision.
        FileExistsError: If the file exists and ``force`` is False.
    """
    path = Path(path).expanduser()
    if path.suffix not in SUFFIXES:
        raise ValueError(f'{path}: the suffix must be one of {", ".join(SUFFIXES)}, but got {path.suffix!r}')
    require_output(path, force)
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {key: value.detach().cpu().contiguous() for key, value in weights.items()}
    if half:
        tensors = {key: _halved(key, value) for key, value in tensors.items()}
    with atomic_write(path) as partial:
        if path.suffix == SAFETENSORS:
            # safetensors refuses tensors that share memory, and its own files can be read by nobody else.
            tensors = {key: value.clone() for key, value in tensors.items()}
            partial.write_bytes(save(tensors, metadata=dict(meta or {})))
        else:
            torch.save({'meta': dict(meta or {}), 'state_dict': tensors}, partial)


def _halved(key: str, value: Tensor) -> Tensor:
    if not value.is_floating_point():
        return value
    halved = value.half()
    if halved.isinf().any() and not value.isinf().any():
        raise ValueError(f'{key} has numbers up to {value.abs().max():g}, too large for half precision')
    return halved
