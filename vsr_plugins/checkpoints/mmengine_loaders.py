"""Register this package's reader of weight files as loaders of mmengine."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from . import NO_CHECKPOINT
from .weight_files import NESTED, find_weights, read_checkpoint


def register() -> None:
    """Register the loaders of local files, of safetensors and of ``none``."""
    # Imported here: this module is imported together with mmengine's runner, and must not import it first.
    from mmengine.runner.checkpoint import CheckpointLoader

    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    CheckpointLoader.register_scheme(prefixes=NO_CHECKPOINT, loader=load_none, force=True)


# mmengine logs the part of a loader's name after ``load_from_``.
def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Load a local file for ``--checkpoint``, ``--resume``, ``load_from`` and ``init_cfg``.

    Args:
        filename: Path of the file.
        map_location: As in ``torch.load``; of a safetensors file a device or its name.

    Returns:
        Contents of the file. Weights under another name than mmengine's ``state_dict``, or in a safetensors file, are
        returned under that name.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If it is damaged, not a checkpoint, or contains anything but weights, builtin containers, numpy
            arrays and mmengine's histories.
    """
    content = read_checkpoint(filename, map_location)
    if isinstance(content, Mapping) and isinstance(content.get('state_dict'), Mapping):
        return content
    weights = find_weights(content)
    # Contents besides bare tensors may have any meaning.
    bare = isinstance(content, Mapping) and all(isinstance(value, Tensor) for value in content.values())
    nested = isinstance(content, Mapping) and any(isinstance(content.get(name), Mapping) for name in NESTED)
    return {'meta': {}, 'state_dict': weights} if weights is not None and (bare or nested) else content


def load_none(filename: str, map_location: Any = None) -> Any:
    """Return a checkpoint without weights for ``none``; any other path with this prefix is a local file."""
    return {'state_dict': {}} if filename == NO_CHECKPOINT else load_from_local(filename, map_location)
