"""ESPCN, the sub-pixel network, for one image or a window of frames."""

from typing import Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.color import run_in_color
from ..blocks.convolutions import init_kaiming, init_normal
from ..blocks.residual import residual_blocks
from ..blocks.resize import bicubic_upsample
from ..blocks.upsampling import whole_scale
from .base import Network

ACTIVATIONS = {'relu': nn.ReLU, 'tanh': nn.Tanh, 'gelu': nn.GELU}
OUTPUT_ACTIVATIONS = {'linear': nn.Identity, 'sigmoid': nn.Sigmoid}


class ESPCNNet(Network):
    """Three convolutions at low resolution (5, 3, 3) and a pixel shuffle.

    Paper:
        Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel Convolutional Neural Network.
        CVPR 2016, section 3. The last layer is linear, as in the paper; 24,752 parameters at x4 on one channel.

    As a branch of ``TemporalAdaptiveNet`` it takes the channels of several frames and returns those of one (27,952
    parameters for three frames on Y, 31,152 for five), with ReLU instead of tanh unless its config sets another
    (Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 3.2).

    On one channel it also takes RGB frames: it restores Y, and Cb and Cr are upsampled by bicubic interpolation.

    Args:
        in_channels: Channels of the input: of a frame, or of all frames of a window, concatenated.
        out_channels: Channels of the output; None for ``in_channels``.
        scale: Upscaling factor, an integer.
        mid_channels: Widths of the first two layers.
        activation: After the first two layers: ``'tanh'`` (the paper's), ``'relu'`` or ``'gelu'``.
        num_blocks: Residual blocks of two 3x3 convolutions after the first layer, with its width. The papers have none;
            they make a branch deeper.
        global_residual: Add the bicubic upsampling of the centre frame. Not in the papers; short trainings gain from
            it.
        signed: Work on values in [-1, 1], with tanh after the last layer too, and return to [0, 1]. Not in the paper;
            for weights that ``espcn_loseall`` converts.
        output_activation: After the last layer: ``'linear'`` (the paper's), or ``'sigmoid'`` for weights of
            ECNUSR/ETDS and leftthomas/ESPCN.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If an activation is unknown, if ``global_residual`` is set and the input is not an odd number of
            frames, or if a bounded output (``signed`` or sigmoid) is to be bounded or added to again.
    """

    as_branch: ClassVar[dict[str, Any]] = {'activation': 'relu'}

    multiple_of = 1
    window = None
    output = 'all'
    temporal_context = 0

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int | None = None,
        scale: int = 4,
        mid_channels: tuple[int, int] = (64, 32),
        activation: str = 'tanh',
        num_blocks: int = 0,
        global_residual: bool = False,
        signed: bool = False,
        output_activation: str = 'linear',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        out_channels = in_channels if out_channels is None else out_channels
        if activation not in ACTIVATIONS:
            raise ValueError(f'activation must be one of {", ".join(ACTIVATIONS)}, but got {activation!r}')
        if output_activation not in OUTPUT_ACTIVATIONS:
            raise ValueError(
                f'output_activation must be one of {", ".join(OUTPUT_ACTIVATIONS)}, but got {output_activation!r}'
            )
        if global_residual and (in_channels % out_channels or in_channels // out_channels % 2 == 0):
            raise ValueError(
                'global_residual adds the centre frame: in_channels must be an odd multiple of out_channels, '
                f'but got {in_channels} and {out_channels}'
            )
        if global_residual and signed:
            raise ValueError('signed and global_residual are both set, but signed ends in a tanh: set one of them')
        if output_activation != 'linear' and (signed or global_residual):
            other = 'signed' if signed else 'global_residual'
            raise ValueError(f'{other} needs a linear output, but output_activation is {output_activation!r}')
        self.scale = scale = whole_scale(scale)
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.global_residual = global_residual
        self.signed = signed
        self.conv1 = nn.Conv2d(in_channels, mid_channels[0], 5, padding=2)
        self.blocks = residual_blocks(num_blocks, mid_channels[0])
        self.conv2 = nn.Conv2d(mid_channels[0], mid_channels[1], 3, padding=1)
        self.conv3 = nn.Conv2d(mid_channels[1], out_channels * scale**2, 3, padding=1)
        self.activation = ACTIVATIONS[activation]()
        self.output_activation = OUTPUT_ACTIVATIONS[output_activation]()
        init_kaiming(self.conv1, self.conv2, nonlinearity='tanh' if activation == 'tanh' else 'relu')
        # Start close to zero: close to the bicubic frame with global_residual.
        init_normal(self.conv3, std=1e-3)

    def forward(self, lqs: Tensor) -> Tensor:
        """All frames, independently: (..., in_channels, h, w) -> (..., out_channels, scale * h, scale * w).

        With both 1, also RGB: (..., 3, h, w) -> (..., 3, scale * h, scale * w).
        """
        if self.in_channels == self.out_channels == 1:
            return run_in_color(self._enlarge, lqs, 'y', self.scale)
        return self._enlarge(lqs)

    def _enlarge(self, lqs: Tensor) -> Tensor:
        frames = lqs.reshape(-1, *lqs.shape[-3:])
        x = self.activation(self.conv1(frames * 2 - 1 if self.signed else frames))
        x = self.activation(self.conv2(self.blocks(x)))
        output = self.output_activation(F.pixel_shuffle(self.conv3(x), self.scale))
        if self.signed:
            output = output.tanh() / 2 + 0.5
        if self.global_residual:
            first = (self.in_channels - self.out_channels) // 2
            output = output + bicubic_upsample(frames[:, first : first + self.out_channels], self.scale)
        return output.reshape(*lqs.shape[:-3], *output.shape[-3:])
