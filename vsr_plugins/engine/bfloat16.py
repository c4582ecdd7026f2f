"""Training in bfloat16 where PyTorch's autocast allows it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmagic.registry import OPTIM_WRAPPERS
from mmengine.optim import OptimWrapper
from torch import nn


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Forward passes under autocast to bfloat16; weights, gradients and the optimizer stay in float32.

    bfloat16 has the range of float32, so no loss is scaled. Unlike mmengine's ``AmpOptimWrapper`` it also runs on the
    CPU, where a recipe can be tried before a GPU is paid for.

    Args:
        **kwargs: As ``OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """The forward pass of a training step happens in here."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
