"""Memory layout of 3-D convolutions."""

import torch
from torch import nn


def keep_channels_last_3d(module: nn.Module) -> None:
    """Put the weights of all 3-D convolutions in ``module`` into channels-last layout; loading and moving keep it.

    With input of the same layout, convolutions on CPU then reorder neither input nor output. With weights in the
    default layout they reorder both, and the layers after them (attention, pooling) are slower too. Values do not
    change.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv3d | nn.ConvTranspose3d):
            part.to(memory_format=torch.channels_last_3d)
