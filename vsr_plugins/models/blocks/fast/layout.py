"""Memory layout of convolutions."""

import torch
from torch import nn

LAYOUTS = {
    torch.channels_last: (nn.Conv2d, nn.ConvTranspose2d),
    torch.channels_last_3d: (nn.Conv3d, nn.ConvTranspose3d),
}


def keep_channels_last(module: nn.Module) -> None:
    """Put the weights of all 2-D and 3-D convolutions in ``module`` into channels-last layout.

    Loading and moving keep it. With input of the same layout, convolutions on CPU then reorder neither input nor
    output. With weights in the default layout they reorder both, and the layers after them (attention, pooling) are
    slower too. Values do not change.
    """
    for part in module.modules():
        for layout, kinds in LAYOUTS.items():
            if isinstance(part, kinds):
                part.to(memory_format=layout)
