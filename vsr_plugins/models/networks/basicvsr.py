"""BasicVSR, bidirectional recurrent propagation with flow-based alignment."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..alignment.spynet import SPyNet
from ..blocks.convolutions import init_kaiming
from ..blocks.residual import residual_blocks
from ..blocks.warping import flow_warp
from .base import Network

NEGATIVE_SLOPE = 0.1


class Propagation(nn.Module):
    """A convolution that fuses a frame with the features of its neighbour, and residual blocks."""

    def __init__(self, mid_channels: int, num_blocks: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(mid_channels + 3, mid_channels, 3, padding=1),
            nn.LeakyReLU(NEGATIVE_SLOPE, inplace=True),
            residual_blocks(num_blocks, mid_channels),
        )

    def forward(self, frame: Tensor, features: Tensor) -> Tensor:
        """(n, 3, h, w) and (n, mid_channels, h, w) -> (n, mid_channels, h, w)."""
        return self.main(torch.cat((frame, features), dim=1))


class ConvShuffle(nn.Module):
    """A convolution and a pixel shuffle of factor 2."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.upsample_conv = nn.Conv2d(in_channels, out_channels * 4, 3, padding=1)
        init_kaiming(self.upsample_conv)

    def forward(self, x: Tensor) -> Tensor:
        """(n, in_channels, h, w) -> (n, out_channels, 2 * h, 2 * w)."""
        return F.pixel_shuffle(self.upsample_conv(x), 2)


class BasicVSRNet(Network):
    """Propagate features backward and forward in time, aligned by SPyNet's flow, then fuse and upsample them.

    Paper:
        BasicVSR: The Search for Essential Components in Video Super-Resolution and Beyond. CVPR 2021, section 3. x4;
        6,291,311 parameters, SPyNet's 1,440,300 included.

    The same network as MMagic's class of this name, with the same parameters and output, without importing MMagic.
    Configs build MMagic's.

    Args:
        mid_channels: Channels of the features.
        num_blocks: Residual blocks of each direction.
        spynet_pretrained: SPyNet's weights, a local file or ``'pretrained:spynet'``; None keeps the initial weights.
        init_cfg: See ``Network``.

    Raises:
        FileNotFoundError: If the file does not exist.
        ValueError: If the file does not contain SPyNet's weights.
    """

    scale = 4
    multiple_of = 1
    window = None
    output = 'all'

    def __init__(
        self,
        mid_channels: int = 64,
        num_blocks: int = 30,
        spynet_pretrained: str | Path | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.mid_channels = mid_channels
        self.spynet = SPyNet()
        if spynet_pretrained is not None:
            self.spynet.load_pretrained(spynet_pretrained)
        self.backward_resblocks = Propagation(mid_channels, num_blocks)
        self.forward_resblocks = Propagation(mid_channels, num_blocks)
        self.fusion = nn.Conv2d(mid_channels * 2, mid_channels, 1)
        self.upsample1 = ConvShuffle(mid_channels, mid_channels)
        self.upsample2 = ConvShuffle(mid_channels, 64)
        self.conv_hr = nn.Conv2d(64, 64, 3, padding=1)
        self.conv_last = nn.Conv2d(64, 3, 3, padding=1)

    def forward(self, lqs: Tensor) -> Tensor:
        """All frames: (n, t, 3, h, w) in [0, 1] -> (n, t, 3, 4 * h, 4 * w), any t and any size."""
        frames = lqs.unbind(1)
        to_next, to_previous = self._flows(lqs)
        backward: list[Tensor] = []
        features = lqs.new_zeros(lqs.shape[0], self.mid_channels, *lqs.shape[-2:])
        for i in reversed(range(len(frames))):
            if backward:
                features = flow_warp(features, to_next[:, i], 'zeros')
            features = self.backward_resblocks(frames[i], features)
            backward.append(features)
        outputs = []
        features = torch.zeros_like(features)
        for i, frame in enumerate(frames):
            if i:
                features = flow_warp(features, to_previous[:, i - 1], 'zeros')
            features = self.forward_resblocks(frame, features)
            outputs.append(self._reconstruct(frame, backward.pop(), features))
        return torch.stack(outputs, dim=1)

    def _flows(self, lqs: Tensor) -> tuple[Tensor, Tensor]:
        """Flow from each frame to the next, and from each but the first to the previous, (n, t - 1, 2, h, w) both."""
        n, t = lqs.shape[:2]
        earlier, later = (part.flatten(0, 1) for part in (lqs[:, :-1], lqs[:, 1:]))
        if t == 1:
            nothing = earlier.new_zeros(n, 0, 2, *lqs.shape[-2:])
            return nothing, nothing
        to_next, to_previous = self.spynet(earlier, later), self.spynet(later, earlier)
        return to_next.unflatten(0, (n, t - 1)), to_previous.unflatten(0, (n, t - 1))

    def _reconstruct(self, frame: Tensor, backward: Tensor, forward: Tensor) -> Tensor:
        x = self.fusion(torch.cat((backward, forward), dim=1))
        for layer in (self.upsample1, self.upsample2, self.conv_hr):
            x = layer(F.leaky_relu(x, NEGATIVE_SLOPE, inplace=True))
        x = self.conv_last(F.leaky_relu(x, NEGATIVE_SLOPE, inplace=True))
        return x + F.interpolate(frame, scale_factor=4, mode='bilinear', align_corners=False)
