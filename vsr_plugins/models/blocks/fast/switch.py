"""The switch of the fast paths: the same mathematics in an order that takes less time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

FAST_PATHS = ('winograd', 'row_winograd', 'stacked_frames', 'pointwise', 'merged_embeddings', 'folded_upscaler')
WINOGRAD, ROW_WINOGRAD, STACKED_FRAMES, POINTWISE, MERGED_EMBEDDINGS, FOLDED_UPSCALER = FAST_PATHS

# VSR_PLUGINS_FAST=0 in the environment turns all of them off.
_enabled = ContextVar('enabled', default=frozenset(() if os.environ.get('VSR_PLUGINS_FAST') == '0' else FAST_PATHS))


@contextmanager
def fast_paths_off(*names: str) -> Iterator[None]:
    """Compute by definition within the context, to compare or to count operations.

    Args:
        names: Of ``FAST_PATHS``; none for all.

    Raises:
        ValueError: If there is no path of a name.
    """
    if unknown := set(names) - set(FAST_PATHS):
        raise ValueError(f'fast paths are {", ".join(FAST_PATHS)}, but got {", ".join(sorted(unknown))}')
    token = _enabled.set(_enabled.get() - set(names or FAST_PATHS))
    try:
        yield
    finally:
        _enabled.reset(token)


def is_enabled(name: str) -> bool:
    """Whether a fast path may be taken at all."""
    return name in _enabled.get()


def may_rearrange(name: str, *tensors: Tensor) -> bool:
    """Whether a path that reorders products is enabled and allowed: not for gradients, not in graphs that are exported.

    Args:
        name: Of ``FAST_PATHS``.
        tensors: The operands.
    """
    return (
        is_enabled(name)
        and not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors))
        and not torch.compiler.is_compiling()
        and not torch.jit.is_tracing()
    )


def may_rearrange_on_cpu(name: str, x: Tensor, weight: Tensor) -> bool:
    """Whether ``may_rearrange`` allows a convolution that is on a CPU and in float32, where its path gains.

    Args:
        name: Of ``FAST_PATHS``.
        x: The input.
        weight: The kernel.
    """
    return (
        x.device.type == 'cpu'
        and x.dtype == weight.dtype == torch.float32
        and not torch.is_autocast_enabled('cpu')
        and may_rearrange(name, x, weight)
    )
