"""RRDBNet, the generator of ESRGAN and Real-ESRGAN."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.convolutions import init_kaiming
from .base import Network

NEGATIVE_SLOPE = 0.2
RESIDUAL_SCALE = 0.2
SCALES = (1, 2, 4)


class ResidualDenseBlock(nn.Module):
    """Five convolutions, each of which takes the outputs of all previous ones."""

    def __init__(self, mid_channels: int, growth_channels: int) -> None:
        super().__init__()
        widths = [*[growth_channels] * 4, mid_channels]
        convs = [nn.Conv2d(mid_channels + i * growth_channels, width, 3, padding=1) for i, width in enumerate(widths)]
        self.conv1, self.conv2, self.conv3, self.conv4, self.conv5 = convs
        init_kaiming(*convs, scale=0.1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, mid_channels, h, w) -> the same shape."""
        dense = x
        for conv in (self.conv1, self.conv2, self.conv3, self.conv4):
            dense = torch.cat((dense, F.leaky_relu(conv(dense), NEGATIVE_SLOPE, inplace=True)), dim=1)
        return x + RESIDUAL_SCALE * self.conv5(dense)


class RRDB(nn.Module):
    """Three dense blocks with a residual around them."""

    def __init__(self, mid_channels: int, growth_channels: int) -> None:
        super().__init__()
        self.rdb1 = ResidualDenseBlock(mid_channels, growth_channels)
        self.rdb2 = ResidualDenseBlock(mid_channels, growth_channels)
        self.rdb3 = ResidualDenseBlock(mid_channels, growth_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, mid_channels, h, w) -> the same shape."""
        return x + RESIDUAL_SCALE * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(Network):
    """A trunk of residual-in-residual dense blocks and two nearest-neighbour upsamplings.

    Paper:
        ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks. ECCV Workshops 2018, section 3.1; with 23
        blocks and x4, 16,697,987 parameters. Real-ESRGAN (ICCV Workshops 2021) uses the same network, and below x4
        first shuffles pixels into channels.

    The same network as MMagic's class of this name, with the same parameters and output, without importing MMagic.
    Configs build MMagic's.

    Args:
        in_channels: Channels of a frame.
        out_channels: Channels of the output.
        mid_channels: Channels of the trunk.
        num_blocks: Blocks of the trunk.
        growth_channels: Channels that each convolution of a dense block adds.
        upscale_factor: Upscaling factor: 1, 2 or 4.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``upscale_factor`` is not 1, 2 or 4.
    """

    multiple_of = 1
    window = None
    output = 'all'
    temporal_context = 0

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        mid_channels: int = 64,
        num_blocks: int = 23,
        growth_channels: int = 32,
        upscale_factor: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if upscale_factor not in SCALES:
            raise ValueError(f'upscale_factor must be one of {SCALES}, but got {upscale_factor!r}')
        self.scale = self.upscale_factor = upscale_factor
        self.shuffle = 4 // upscale_factor
        self.conv_first = nn.Conv2d(in_channels * self.shuffle**2, mid_channels, 3, padding=1)
        self.body = nn.Sequential(*(RRDB(mid_channels, growth_channels) for _ in range(num_blocks)))
        self.conv_body = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.conv_up1 = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.conv_up2 = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.conv_hr = nn.Conv2d(mid_channels, mid_channels, 3, padding=1)
        self.conv_last = nn.Conv2d(mid_channels, out_channels, 3, padding=1)

    def forward(self, lqs: Tensor) -> Tensor:
        """All frames, independently: (..., c, h, w) in [0, 1] -> (..., c, scale * h, scale * w), any size."""
        frames = lqs.reshape(-1, *lqs.shape[-3:])
        h, w = frames.shape[-2:]
        padded = F.pad(frames, (0, -w % self.shuffle, 0, -h % self.shuffle), mode='replicate')
        features = self.conv_first(F.pixel_unshuffle(padded, self.shuffle))
        features = features + self.conv_body(self.body(features))
        for conv in (self.conv_up1, self.conv_up2):
            features = F.interpolate(features, scale_factor=2, mode='nearest')
            features = F.leaky_relu(conv(features), NEGATIVE_SLOPE, inplace=True)
        output = self.conv_last(F.leaky_relu(self.conv_hr(features), NEGATIVE_SLOPE, inplace=True))
        output = output[..., : h * self.scale, : w * self.scale]
        return output.reshape(*lqs.shape[:-3], *output.shape[-3:])
