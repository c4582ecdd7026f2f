"""Run trained models on clips, in temporal chunks and spatial tiles."""

from functools import partial

from ..moved import moved_name

__getattr__ = partial(moved_name, __name__)
