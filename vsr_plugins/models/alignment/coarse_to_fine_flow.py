"""Optical flow by a coarse and a fine network, as in VESPCN and SPMC."""

from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.convolutions import init_kaiming, init_normal
from ..blocks.warping import flow_warp

COARSE_WARPS = ('pixels', 'released')


class Motion(NamedTuple):
    """Inputs of the motion losses.

    Attributes:
        flow: (m, 2, h, w), dx first, in pixels, from ``target`` to the frame that was warped.
        warped: (m, c, h, w), the other frame warped onto ``target``.
        target: (m, c, h, w).
    """

    flow: Tensor
    warped: Tensor
    target: Tensor


class CoarseToFineFlow(nn.Module):
    """Coarse flow at a quarter of the resolution plus a residual at half of it.

    "Real-Time Video Super-Resolution with Spatio-Temporal Networks and Motion Compensation" (CVPR 2017): five
    convolutions each with 24 features, tanh, and a pixel shuffle to full resolution. The fine network takes the two
    frames, the coarse flow (in -1 .. 1) and the neighbour warped by it. With one channel it has 53,392 parameters. The
    paper does not state how many pixels an output of 1 is; ``max_displacement`` is that of a public implementation.

    Convention:
        ``reference(p) ~ neighbour(p + flow(p))``, in pixels, dx first.

    Args:
        in_channels: Channels of a frame.
        max_displacement: Pixels that correspond to an output of 1 of either network.
        coarse_warp: ``'pixels'`` warps by the coarse flow, as in the paper. ``'released'`` reproduces today's
            LoSealL/VideoSuperResolution, for its weights: an output of 1 moves by one pixel, and the grid is stretched
            by half a pixel at the borders.

    Raises:
        ValueError: If ``coarse_warp`` is neither.
    """

    def __init__(
        self,
        in_channels: int = 1,
        max_displacement: float = 32.0,
        coarse_warp: Literal['pixels', 'released'] = 'pixels',
    ) -> None:
        super().__init__()
        if coarse_warp not in COARSE_WARPS:
            raise ValueError(f'coarse_warp must be one of {", ".join(COARSE_WARPS)}, but got {coarse_warp!r}')
        self.max_displacement = max_displacement
        self.coarse_warp = coarse_warp
        self.coarse = _flow_layers(2 * in_channels, ((5, 2), (3, 1), (5, 2), (3, 1)), factor=4)
        self.fine = _flow_layers(3 * in_channels + 2, ((5, 2), (3, 1), (3, 1), (3, 1)), factor=2)

    def forward(self, reference: Tensor, neighbour: Tensor) -> Tensor:
        """Two of (m, in_channels, h, w), h and w multiples of 4 -> (m, 2, h, w), float32."""
        coarse = self.coarse(torch.cat((reference, neighbour), dim=1)).float()
        if self.coarse_warp == 'pixels':
            warped = flow_warp(neighbour, coarse * self.max_displacement)
        else:
            warped = _released_warp(neighbour, coarse)
        fine = self.fine(torch.cat((reference, neighbour, coarse.to(reference.dtype), warped), dim=1)).float()
        return (coarse + fine) * self.max_displacement

    def motion(self, reference: Tensor, neighbour: Tensor) -> Motion:
        """Return the flow of ``forward`` and the neighbour warped onto the reference by it.

        Args:
            reference: (m, in_channels, h, w), h and w multiples of 4.
            neighbour: As ``reference``.

        Returns:
            The flow (m, 2, h, w), the warped neighbour and the reference, both (m, in_channels, h, w).
        """
        flow = self(reference, neighbour)
        return Motion(flow, flow_warp(neighbour, flow), reference)


def _flow_layers(
    in_channels: int, layers: tuple[tuple[int, int], ...], factor: int, mid_channels: int = 24
) -> nn.Module:
    modules: list[nn.Module] = []
    for size, stride in layers:
        modules += [nn.Conv2d(in_channels, mid_channels, size, stride, size // 2), nn.ReLU(inplace=True)]
        in_channels = mid_channels
    last = nn.Conv2d(mid_channels, 2 * factor**2, 3, padding=1)
    for module in modules:
        if isinstance(module, nn.Conv2d):
            init_kaiming(module)
    # Start close to zero motion: random weights would start at up to 32 pixels.
    init_normal(last, std=1e-3)
    return nn.Sequential(*modules, last, nn.Tanh(), nn.PixelShuffle(factor))


def _released_warp(images: Tensor, flow: Tensor) -> Tensor:
    """Warp as the released code: a grid for ``align_corners=True``, sampled with ``align_corners=False``."""
    h, w = images.shape[-2:]
    with torch.autocast(images.device.type, enabled=False):
        y, x = (torch.linspace(-1, 1, size, device=images.device) for size in (h, w))
        grid = torch.stack((x + 2 * flow[:, 0] / w, y.unsqueeze(1) + 2 * flow[:, 1] / h), dim=-1)
        sampled = F.grid_sample(images.float(), grid, padding_mode='border', align_corners=False)
    return sampled.to(images.dtype)
