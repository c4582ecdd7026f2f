"""Where weights come from.

``none`` in the place of a checkpoint's path stands for the weights as they are initialised: ``mim test`` demands a
checkpoint, and a network without weights (bicubic) has none. A path that ends in ``.safetensors`` is loaded wherever
mmengine takes a checkpoint.
"""

from typing import Any

NO_CHECKPOINT = 'none'


def load_none(filename: str, map_location: Any = None) -> dict:
    """A checkpoint without weights for ``none``; any other path that begins so is a local file."""
    if filename == NO_CHECKPOINT:
        return {'state_dict': {}}
    from mmengine.runner.checkpoint import CheckpointLoader

    return CheckpointLoader._schemes[''](filename, map_location)


def load_from_pretrained(filename: str, map_location: Any = None) -> dict:
    """A checkpoint of mmengine's for ``pretrained:NAME``, see ``vsr_plugins.pretrained``."""
    from ..pretrained import read_checkpoint

    return {'state_dict': {key: value.to(map_location or 'cpu') for key, value in read_checkpoint(filename).items()}}


def register_with_mmengine() -> None:
    """Let mmengine load ``none`` and safetensors files wherever it takes a checkpoint."""
    from mmengine.runner.checkpoint import CheckpointLoader

    from ..pretrained import PRETRAINED_PREFIX
    from .weight_files import load_from_safetensors

    CheckpointLoader.register_scheme(prefixes=NO_CHECKPOINT, loader=load_none, force=True)
    # The prefix of a scheme is matched as a regular expression, which may well describe how a path ends.
    CheckpointLoader.register_scheme(prefixes=PRETRAINED_PREFIX, loader=load_from_pretrained, force=True)
    CheckpointLoader.register_scheme(prefixes=r'.*\.safetensors$', loader=load_from_safetensors, force=True)
