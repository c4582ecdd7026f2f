"""Register ``pretrained:NAME`` as a checkpoint of mmengine."""

from typing import Any

from mmengine.runner.checkpoint import CheckpointLoader

from .files import PRETRAINED_PREFIX
from .loading import checkpoint_weights


def register() -> None:
    """Register the loader of ``pretrained:NAME``."""
    CheckpointLoader.register_scheme(prefixes=PRETRAINED_PREFIX, loader=load_from_pretrained, force=True)


# mmengine logs the part of a loader's name after ``load_from_``.
def load_from_pretrained(filename: str, map_location: Any = None) -> dict:
    """Return ``pretrained:NAME`` as a checkpoint of mmengine, see ``vsr_plugins.pretrained``."""
    weights = checkpoint_weights(filename)
    return {'meta': {}, 'state_dict': {key: value.to(map_location or 'cpu') for key, value in weights.items()}}
