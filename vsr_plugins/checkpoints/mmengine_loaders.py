"""How mmengine comes to read weight files with this package's reader."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from . import NO_CHECKPOINT
from .weight_files import NESTED, find_weights, read_checkpoint


def register() -> None:
    """Give mmengine the loaders of local files, of safetensors and of ``none``."""
    # Not above: this module is imported when mmengine's runner is, so it may not be what imports it.
    from mmengine.runner.checkpoint import CheckpointLoader

    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    CheckpointLoader.register_scheme(prefixes=NO_CHECKPOINT, loader=load_none, force=True)


# mmengine logs what follows ``load_from_`` in the name of a loader.
def load_from_local(filename: str, map_location: Any = None) -> Any:
    """What mmengine calls for ``--checkpoint``, ``--resume``, ``load_from`` and ``init_cfg``.

    Args:
        filename: Path of the file.
        map_location: As in ``torch.load``; of a safetensors file a device or its name.

    Returns:
        What the file holds. Weights that lie under another name than mmengine's, ``state_dict``, or in a safetensors
        file, come under that name.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, no checkpoint, or holds anything beside weights, plain containers, numpy arrays
            and mmengine's histories.
    """
    content = read_checkpoint(filename, map_location)
    if isinstance(content, Mapping) and isinstance(content.get('state_dict'), Mapping):
        return content
    weights = find_weights(content)
    # What holds something else beside bare tensors may be anything.
    bare = isinstance(content, Mapping) and all(isinstance(value, Tensor) for value in content.values())
    nested = isinstance(content, Mapping) and any(isinstance(content.get(name), Mapping) for name in NESTED)
    return {'meta': {}, 'state_dict': weights} if weights is not None and (bare or nested) else content


def load_none(filename: str, map_location: Any = None) -> Any:
    """A checkpoint without weights for ``none``; any other path that begins so is a local file."""
    return {'state_dict': {}} if filename == NO_CHECKPOINT else load_from_local(filename, map_location)
