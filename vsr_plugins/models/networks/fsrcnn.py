"""FSRCNN, the fast single-image network."""

from collections.abc import Sequence
from typing import cast

from torch import Tensor, nn

from ..blocks.color import COLORS, run_in_color
from ..blocks.convolutions import init_kaiming, init_normal
from ..blocks.upsampling import whole_scale
from .base import Network


class FSRCNNNet(Network):
    """Feature extraction, shrinking, mapping, expanding at low resolution, and one transposed convolution.

    Paper:
        Accelerating the Super-Resolution Convolutional Neural Network. ECCV 2016. FSRCNN(56, 12, 4) on one channel has
        12,809 parameters at any scale: scales differ in the last layer only.

    Args:
        in_channels: 1 for Y, 3 for RGB.
        scale: Upscaling factor, an integer.
        mid_channels: Width d of the feature extraction.
        shrink_channels: Width s of the mapping.
        num_layers: Mapping layers m.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``in_channels`` is neither 1 nor 3, or ``scale`` is not an integer.
    """

    multiple_of = 1
    window = None
    output = 'all'
    temporal_context = 0

    def __init__(
        self,
        in_channels: int = 1,
        scale: int = 4,
        mid_channels: int = 56,
        shrink_channels: int = 12,
        num_layers: int = 4,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        colors = {channels: color for color, channels in COLORS.items()}
        if in_channels not in colors:
            raise ValueError(f'in_channels must be 1 (Y) or 3 (RGB), but got {in_channels}')
        self.scale = scale = whole_scale(scale)
        self.color = colors[in_channels]
        layers = [(in_channels, mid_channels, 5), (mid_channels, shrink_channels, 1)]
        layers += [(shrink_channels, shrink_channels, 3)] * num_layers
        layers += [(shrink_channels, mid_channels, 1)]
        convs = nn.ModuleList(nn.Conv2d(a, b, size, padding=size // 2) for a, b, size in layers)
        self.convs = cast('Sequence[nn.Conv2d]', convs)
        self.activations = nn.ModuleList(nn.PReLU(b) for _, b, _ in layers)
        self.deconv = nn.ConvTranspose2d(mid_channels, in_channels, 9, scale, padding=4, output_padding=scale - 1)
        init_kaiming(*self.convs, slope=0.25)  # the initial slope of PReLU
        init_normal(self.deconv, std=0.001)  # as in the paper

    def forward(self, lqs: Tensor) -> Tensor:
        """All frames, independently: (..., c, h, w) in [0, 1] -> (..., c, scale * h, scale * w), any size.

        With one channel the input is RGB, whose Y is restored (see ``run_in_color``), or Y.
        """
        return run_in_color(self._forward_frames, lqs, self.color, self.scale)

    def _forward_frames(self, lqs: Tensor) -> Tensor:
        x = lqs.reshape(-1, *lqs.shape[-3:])
        for conv, activation in zip(self.convs, self.activations, strict=True):
            x = activation(conv(x))
        output = self.deconv(x)
        return output.reshape(*lqs.shape[:-3], *output.shape[-3:])
