"""How mmengine comes to take ``pretrained:NAME`` for a checkpoint."""

from typing import Any

from mmengine.runner.checkpoint import CheckpointLoader

from .files import PRETRAINED_PREFIX
from .loading import checkpoint_weights


def register() -> None:
    """Give mmengine the loader of ``pretrained:NAME``."""
    CheckpointLoader.register_scheme(prefixes=PRETRAINED_PREFIX, loader=load_from_pretrained, force=True)


# mmengine logs what follows ``load_from_`` in the name of a loader.
def load_from_pretrained(filename: str, map_location: Any = None) -> dict:
    """A checkpoint as mmengine has them for ``pretrained:NAME``, see ``vsr_plugins.pretrained``."""
    weights = checkpoint_weights(filename)
    return {'meta': {}, 'state_dict': {key: value.to(map_location or 'cpu') for key, value in weights.items()}}
