"""VESPCN, motion compensation and early fusion in real time."""

from typing import Literal

import torch
from torch import Tensor, nn

from ..alignment.coarse_to_fine_flow import CoarseToFineFlow, Motion
from ..blocks.color import channels_of, run_in_color
from ..blocks.convolutions import bias_of, init_kaiming
from ..blocks.resize import pad_to_multiple
from ..blocks.upsampling import whole_scale
from .base import Network


class VESPCNNet(Network):
    """Warp both neighbours onto the centre frame; nine convolutions at low resolution and a pixel shuffle follow.

    Paper:
        Real-Time Video Super-Resolution with Spatio-Temporal Networks and Motion Compensation. CVPR 2017. The network
        with early fusion, 9L-E3: 53,392 parameters for motion and 40,600 for super-resolution at x4 on Y.

    Args:
        scale: Upscaling factor, an integer.
        mid_channels: Channels of each convolution.
        num_layers: Convolutions of the super-resolution part.
        color: ``'y'``, as in the paper, or ``'rgb'``.
        max_displacement: See ``CoarseToFineFlow``.
        coarse_warp: See ``CoarseToFineFlow``.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If an argument is out of range.
    """

    multiple_of = 4
    window = 3
    output = 'center'

    def __init__(
        self,
        scale: int = 4,
        mid_channels: int = 24,
        num_layers: int = 9,
        color: Literal['y', 'rgb'] = 'y',
        max_displacement: float = 32.0,
        coarse_warp: Literal['pixels', 'released'] = 'pixels',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_layers < 2:
            raise ValueError(f'num_layers must be at least 2, but got {num_layers}')
        self.scale = scale = whole_scale(scale)
        self.color = color
        channels = channels_of(color)
        self.flow = CoarseToFineFlow(channels, max_displacement, coarse_warp)
        widths = [self.window * channels] + [mid_channels] * (num_layers - 1)
        convs = [nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:], strict=False)]
        layers = [layer for conv in convs for layer in (conv, nn.ReLU(inplace=True))]
        last = nn.Conv2d(mid_channels, channels * scale**2, 3, padding=1)
        self.restoration = nn.Sequential(*layers, last, nn.PixelShuffle(scale))
        init_kaiming(*convs)
        nn.init.zeros_(bias_of(last))

    def forward(self, lqs: Tensor) -> Tensor:
        """Centre frame: (n, 3, c, h, w) in [0, 1] -> (n, c, scale * h, scale * w), any size.

        Raises:
            ValueError: If there are not three frames.
        """
        return self.forward_with_motion(lqs)[0]

    def forward_with_motion(self, lqs: Tensor) -> tuple[Tensor, Motion]:
        """Return ``forward``'s output and the motion of both neighbours, (2 * n, ...), in the network's colour.

        Raises:
            ValueError: If there are not three frames.
        """
        if lqs.shape[1] != self.window:
            raise ValueError(f'VESPCNNet takes {self.window} frames, but got {lqs.shape[1]}: {tuple(lqs.shape)}')
        motions: list[Motion] = []

        def restore(frames: Tensor) -> Tensor:
            before, reference, after = frames.unbind(1)
            motion = self.flow.motion(reference.repeat(2, 1, 1, 1), torch.cat((before, after)))
            motions.append(motion)
            before, after = motion.warped.chunk(2)
            return self.restoration(torch.cat((before, reference, after), dim=1))

        h, w = (size * self.scale for size in lqs.shape[-2:])
        output = run_in_color(restore, pad_to_multiple(lqs, self.multiple_of), self.color, self.scale, 'center')
        return output[..., :h, :w], motions[0]
