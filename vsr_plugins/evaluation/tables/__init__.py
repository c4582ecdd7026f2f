"""Tables of scores and of methods, published numbers, and a cache of measured results."""

from functools import partial

from ...moved import moved_name

__getattr__ = partial(moved_name, __name__)
