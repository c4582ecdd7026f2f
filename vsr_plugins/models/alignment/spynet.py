"""SPyNet, optical flow on an image pyramid."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.warping import flow_warp
from ..named_weights import load_named_weights

LEVELS = 6
# The coarsest level halves the frame five times.
MULTIPLE = 2 ** (LEVELS - 1)
WIDTHS = (8, 32, 64, 32, 16, 2)
# ImageNet's, for RGB in [0, 1].
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class ConvUnit(nn.Module):
    """A 7 x 7 convolution, named ``conv`` as in released weights."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, 7, padding=3)

    def forward(self, x: Tensor) -> Tensor:
        """(n, in_channels, h, w) -> (n, out_channels, h, w)."""
        return self.conv(x)


class SPyNetLevel(nn.Module):
    """Five convolutions that refine the flow of one pyramid level."""

    def __init__(self) -> None:
        super().__init__()
        self.basic_module = nn.ModuleList(ConvUnit(a, b) for a, b in zip(WIDTHS, WIDTHS[1:], strict=False))

    def forward(self, x: Tensor) -> Tensor:
        """Reference, warped neighbour and flow, (n, 8, h, w) -> update of the flow, (n, 2, h, w)."""
        *inner, last = self.basic_module
        for conv in inner:
            x = F.relu(conv(x), inplace=True)
        return last(x)


class SPyNet(nn.Module):
    """Spatial pyramid network: each level warps the neighbour by the current flow and refines the flow.

    Paper:
        Optical Flow Estimation using a Spatial Pyramid Network. CVPR 2017. Six levels, 1,440,300 parameters, as in
        EDVR's successors BasicVSR and IconVSR; parameters are named as in MMagic's ``SPyNet``.
    """

    def __init__(self) -> None:
        super().__init__()
        self.basic_module = nn.ModuleList(SPyNetLevel() for _ in range(LEVELS))
        self.register_buffer('mean', torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer('std', torch.tensor(STD).view(1, 3, 1, 1))

    def load_pretrained(self, weights: str | Path) -> None:
        """Load weights.

        Args:
            weights: A local file, or ``'pretrained:NAME'`` of the registry.

        Raises:
            FileNotFoundError: If the file does not exist; nothing is downloaded.
            ValueError: If the file does not contain SPyNet's weights.
        """
        load_named_weights(self, weights, {'mean': self.mean, 'std': self.std})

    def forward(self, references: Tensor, neighbours: Tensor) -> Tensor:
        """Flow from the references to the neighbours, two of (n, 3, h, w) in [0, 1] -> (n, 2, h, w), any size.

        Convention:
            dx first, in pixels: ``reference(p) ~ neighbour(p + flow(p))``.
        """
        h, w = references.shape[-2:]
        size = [-(-side // MULTIPLE) * MULTIPLE for side in (h, w)]
        pyramids = [
            self._pyramid(F.interpolate(frames, size, mode='bilinear', align_corners=False))
            for frames in (references, neighbours)
        ]
        flow = references.new_zeros(len(references), 2, *(side // MULTIPLE for side in size))
        for level, (refine, reference, neighbour) in enumerate(zip(self.basic_module, *pyramids, strict=True)):
            if level:
                flow = F.interpolate(flow, scale_factor=2, mode='bilinear', align_corners=True) * 2
            flow = flow + refine(torch.cat((reference, flow_warp(neighbour, flow), flow), dim=1))
        flow = F.interpolate(flow, (h, w), mode='bilinear', align_corners=False)
        return flow * flow.new_tensor((w / size[1], h / size[0])).view(1, 2, 1, 1)

    def _pyramid(self, frames: Tensor) -> list[Tensor]:
        """Image pyramid of the normalised frames, coarsest first."""
        levels = [(frames - self.mean) / self.std]
        for _ in range(LEVELS - 1):
            levels.append(F.avg_pool2d(levels[-1], 2))
        return levels[::-1]
