"""Patch of mmengine <= 0.10.7: ``activation_checkpointing`` trains what it names. Delete when mmengine does.

The fault: mmengine uses PyTorch's reentrant checkpoints, which give no gradient where no input needs one. That is so
for the first layer, whose input is a picture, and for a complete generator: they silently stop learning. With this
patch the other form is used, which PyTorch recommends; it takes keyword arguments too.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from mmengine.runner import activation_checkpointing as upstream
from torch.utils.checkpoint import checkpoint


def apply() -> None:
    """Replace the wrapper of ``forward``."""
    upstream.wrap_forward = wrap_forward


def wrap_forward(forward: Callable) -> Callable:
    """Compute a module's activations again in the backward pass instead of storing them."""

    @wraps(forward)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return checkpoint(forward, *args, use_reentrant=False, **kwargs)

    return wrapper
