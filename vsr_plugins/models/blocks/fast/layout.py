"""Memory layout of 3-D convolutions."""

import torch
from torch import nn


def keep_channels_last_3d(module: nn.Module) -> None:
    """Put the weights of all 3-D convolutions in ``module`` into channels-last layout; loading and moving keep it.

    Given input of the same layout, convolutions on CPU then reorder nothing and hand it on. With weights in the default
    layout they do both, and what follows them (attention, pooling) is slower too. Values do not change.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv3d | nn.ConvTranspose3d):
            part.to(memory_format=torch.channels_last_3d)
