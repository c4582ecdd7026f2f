"""From a trained model to frames: whole clips, chunks and tiles."""

from functools import partial

from ..moved import moved_name

__getattr__ = partial(moved_name, __name__)
