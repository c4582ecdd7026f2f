"""Dynamic upsampling filters (DUF)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.dynamic_upsampling import dynamic_upsample
from ..blocks.fast.layout import keep_channels_last
from ..blocks.upsampling import whole_scale
from .base import Network

# Number of padded dense blocks and their growth, by number of layers.
DEPTHS = {16: (3, 32), 28: (9, 16), 52: (21, 16)}
FILTER_SIZE = 5


class DUFNet(Network):
    """Dynamic upsampling filters: 3-D dense blocks that predict a filter for each output pixel, and a residual.

    Paper:
        Deep Video Super-Resolution Network Using Dynamic Upsampling Filters Without Explicit Motion Compensation. CVPR
        2018. With x4 and 16, 28 or 52 layers it has 1,900,640, 2,118,432 or 5,821,952 parameters.

    Args:
        num_layers: 16, 28 or 52.
        scale: Upscaling factor, an integer.
        bn_eps: Epsilon of the batch normalisations. The authors' released weights, trained in TensorFlow, need 1e-3.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``num_layers`` is not 16, 28 or 52.
    """

    multiple_of = 1
    window = 7
    output = 'center'

    def __init__(
        self, num_layers: int = 16, scale: int = 4, bn_eps: float = 1e-5, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_layers not in DEPTHS:
            raise ValueError(f'num_layers must be one of {sorted(DEPTHS)}, but got {num_layers}')
        self.scale = scale = whole_scale(scale)
        num_blocks, growth = DEPTHS[num_layers]

        self.conv_first = nn.Conv3d(3, 64, (1, 3, 3), padding=(0, 1, 1))
        widths = [64 + growth * i for i in range(num_blocks + self.window // 2)]
        self.blocks = nn.ModuleList(
            DenseBlock3d(width, growth, pad_time=i < num_blocks, bn_eps=bn_eps) for i, width in enumerate(widths)
        )
        width = widths[-1] + growth
        self.norm = nn.BatchNorm2d(width, eps=bn_eps)
        self.conv_last = nn.Conv2d(width, 256, 3, padding=1)
        self.residual_head = nn.Sequential(
            nn.Conv2d(256, 256, 1), nn.ReLU(inplace=True), nn.Conv2d(256, 3 * scale**2, 1)
        )
        self.filter_head = nn.Sequential(
            nn.Conv2d(256, 512, 1), nn.ReLU(inplace=True), nn.Conv2d(512, FILTER_SIZE**2 * scale**2, 1)
        )
        keep_channels_last(self)

    def forward(self, lqs: Tensor) -> Tensor:
        """Centre frame: (n, 7, 3, h, w) in [0, 1] -> (n, 3, scale * h, scale * w), any size.

        Raises:
            ValueError: If there are not seven frames.
        """
        if lqs.shape[1] != self.window:
            raise ValueError(f'DUFNet takes {self.window} frames, but got {lqs.shape[1]}: {tuple(lqs.shape)}')
        x = self.conv_first(lqs.transpose(1, 2).contiguous(memory_format=torch.channels_last_3d))
        for block in self.blocks:
            x = block(x)
        x = F.relu(self.norm(x.squeeze(2)), inplace=True)
        x = F.relu(self.conv_last(x), inplace=True)
        filters = self.filter_head(x).unflatten(1, (FILTER_SIZE**2, self.scale**2)).softmax(1)
        residual = F.pixel_shuffle(self.residual_head(x), self.scale)
        return residual + dynamic_upsample(lqs[:, self.window // 2], filters, self.scale)


class DenseBlock3d(nn.Module):
    """BN, ReLU, 1x1x1 convolution and BN, ReLU, 3x3x3 convolution; the output is appended to the input.

    Args:
        in_channels: Channels of the input.
        growth: Number of channels appended.
        pad_time: Pad the time axis with zeros. Otherwise the first and the last frame are dropped, from the input too.
        bn_eps: Epsilon of the batch normalisations.
    """

    def __init__(self, in_channels: int, growth: int, pad_time: bool = True, bn_eps: float = 1e-5) -> None:
        super().__init__()
        self.pad_time = pad_time
        self.norm1 = nn.BatchNorm3d(in_channels, eps=bn_eps)
        self.conv1 = nn.Conv3d(in_channels, in_channels, 1)
        self.norm2 = nn.BatchNorm3d(in_channels, eps=bn_eps)
        self.conv2 = nn.Conv3d(in_channels, growth, 3, padding=(int(pad_time), 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, in_channels, t, h, w) -> (n, in_channels + growth, t or t - 2, h, w)."""
        y = self.conv1(F.relu(self.norm1(x), inplace=True))
        y = self.conv2(F.relu(self.norm2(y), inplace=True))
        return torch.cat((x if self.pad_time else x[:, :, 1:-1], y), dim=1)
