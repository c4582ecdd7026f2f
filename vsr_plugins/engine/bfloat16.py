"""Train in bfloat16 where PyTorch's autocast allows it."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmagic.registry import OPTIM_WRAPPERS
from mmengine.optim import OptimWrapper
from torch import nn


@OPTIM_WRAPPERS.register_module()
class BFloat16OptimWrapper(OptimWrapper):
    """Run forward passes under autocast to bfloat16; weights, gradients and the optimizer stay in float32.

    bfloat16 has the range of float32, so the loss is not scaled. Unlike mmengine's ``AmpOptimWrapper`` it also runs on
    the CPU, to test a recipe without a GPU.

    Args:
        **kwargs: As ``OptimWrapper``.
    """

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Context of the forward pass of a training step."""
        device = next(model.parameters()).device.type
        with super().optim_context(model), torch.autocast(device, torch.bfloat16):
            yield
