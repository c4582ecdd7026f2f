"""Patch of mmagic 1.2.0: a network that does not fit its test data ends in one clear error.

The fault: a network of one channel on frames in colour, or of another scale than the data's, ends validation and ``mim
test`` with an error from inside PyTorch. Delete when mmagic checks what a network is given.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmagic.engine.runner import multi_loops

from ..models.data_mismatch import explained_mismatch

LOOPS = (multi_loops.MultiValLoop, multi_loops.MultiTestLoop)


def apply() -> None:
    """Replace how both loops run."""
    for loop in LOOPS:
        loop.run = _explained(loop.run)


def _explained(upstream: Callable) -> Callable:
    @wraps(upstream)
    def run(self: Any) -> Any:
        with explained_mismatch(self.runner.model):
            return upstream(self)

    return run
