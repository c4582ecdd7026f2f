"""SPMC, the network of "detail-revealing" super-resolution, also called DRVSR."""

from typing import Literal

import torch
from torch import Tensor, nn

from ..alignment.coarse_to_fine_flow import CoarseToFineFlow, Motion
from ..blocks.color import channels_of, run_in_color
from ..blocks.conv_lstm import ConvLSTMCell
from ..blocks.convolutions import init_kaiming, init_normal
from ..blocks.resize import bicubic_upsample, pad_to_multiple
from ..blocks.splatting import splat_upsample
from ..blocks.upsampling import whole_scale
from .base import Network


class SPMCNet(Network):
    """Splat the pixels of all frames onto the large grid; an encoder-decoder with a ConvLSTM completes it.

    Paper:
        Detail-revealing Deep Video Super-resolution. ICCV 2017. On Y it has 1,722,161 parameters at any scale.

    The frames are fed one by one; the last state gives the output, to which the bicubic upsampling of the centre frame
    is added. Motion is estimated as in VESPCN, from each frame to the centre frame; for the centre frame too.

    Args:
        scale: Upscaling factor, an integer.
        num_frames: Frames of a window, odd: 3 (F3) or 5 (F5) in the paper.
        mid_channels: Width of the first layer; the next two have two and four times that.
        color: ``'y'``, as in the paper, or ``'rgb'``.
        max_displacement: See ``CoarseToFineFlow``.
        coarse_warp: See ``CoarseToFineFlow``.
        peephole_conv: See ``ConvLSTMCell``; not in the paper. Weights of LoSealL/VideoSuperResolution, which
            ``vsr_plugins.checkpoints.converters.spmc_loseall`` converts, need it. 442,368 parameters more.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If an argument is out of range.
    """

    multiple_of = 4
    output = 'center'

    def __init__(
        self,
        scale: int = 4,
        num_frames: int = 3,
        mid_channels: int = 32,
        color: Literal['y', 'rgb'] = 'y',
        max_displacement: float = 32.0,
        coarse_warp: Literal['pixels', 'released'] = 'pixels',
        peephole_conv: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_frames < 1 or num_frames % 2 == 0:
            raise ValueError(f'num_frames must be odd, but got {num_frames}')
        self.scale = whole_scale(scale)
        self.window = num_frames
        self.color = color
        channels = channels_of(color)
        self.flow = CoarseToFineFlow(channels, max_displacement, coarse_warp)
        self.restoration = SparseFrameRestoration(channels, mid_channels, peephole_conv)

    def forward(self, lqs: Tensor) -> Tensor:
        """Centre frame: (n, num_frames, c, h, w) in [0, 1] -> (n, c, scale * h, scale * w), any size.

        Raises:
            ValueError: If the number of frames is not ``num_frames``.
        """
        return self._run(lqs, [], every_step=False)

    def forward_with_motion(self, lqs: Tensor) -> tuple[Tensor, Motion]:
        """Return the centre frame after each step, (n, num_frames, c, scale * h, scale * w), and the motion.

        The motion of all frames is (n * num_frames, ...), in the network's colour.
        """
        motions: list[Motion] = []
        return self._run(lqs, motions, every_step=True), motions[0]

    def _run(self, lqs: Tensor, motions: list[Motion], every_step: bool) -> Tensor:
        t, h, w = lqs.shape[1], *lqs.shape[-2:]
        if t != self.window:
            raise ValueError(f'this SPMCNet takes {self.window} frames, but got {t}: {tuple(lqs.shape)}')

        def restore(frames: Tensor) -> Tensor:
            center = frames[:, t // 2]
            # Each frame is the reference of its own motion: its pixels are splatted.
            motion = self.flow.motion(frames.flatten(0, 1), center.repeat_interleave(t, 0))
            motions.append(motion)
            sparse = splat_upsample(motion.target, motion.flow, self.scale).unflatten(0, (-1, t))
            residuals = self.restoration(sparse, every_step)
            steps = residuals + bicubic_upsample(center, self.scale).unsqueeze(1)
            return steps if every_step else steps[:, 0]

        padded = pad_to_multiple(lqs, self.multiple_of)
        output = run_in_color(restore, padded, self.color, self.scale, 'center')
        return output[..., : h * self.scale, : w * self.scale]


class SparseFrameRestoration(nn.Module):
    """Encoder, ConvLSTM and decoder over large frames with sparse pixels.

    Args:
        in_channels: Channels of a frame.
        mid_channels: Width of the first layer.
        peephole_conv: See ``ConvLSTMCell``.
    """

    def __init__(self, in_channels: int = 1, mid_channels: int = 32, peephole_conv: bool = False) -> None:
        super().__init__()
        low, middle, high = mid_channels, 2 * mid_channels, 4 * mid_channels
        self.encoder1 = nn.Sequential(nn.Conv2d(in_channels, low, 5, padding=2), nn.ReLU(inplace=True))
        self.encoder2 = nn.Sequential(
            nn.Conv2d(low, middle, 3, 2, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, middle, 3, 1, 1),
            nn.ReLU(inplace=True),
        )
        self.encoder3 = nn.Sequential(nn.Conv2d(middle, high, 3, 2, 1), nn.ReLU(inplace=True))
        self.lstm = ConvLSTMCell(high, high, peephole_conv=peephole_conv)
        self.decoder1 = _enlarge(high, middle)
        self.decoder2 = _enlarge(middle, low)
        first, last = nn.Conv2d(low, low, 3, padding=1), nn.Conv2d(low, in_channels, 5, padding=2)
        self.decoder3 = nn.Sequential(first, nn.ReLU(inplace=True), last)
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
                init_kaiming(module)
        # Start close to the bicubic frame. The paper does not state its initialisation.
        init_normal(last, std=1e-3)

    def forward(self, frames: Tensor, every_step: bool = False) -> Tensor:
        """(n, t, c, h, w), h and w multiples of 4 -> residual of the bicubic frame, (n, t or 1, c, h, w).

        Without ``every_step`` only the last step is decoded.
        """
        state, steps = None, []
        last = frames.shape[1] - 1
        for index, frame in enumerate(frames.unbind(1)):
            skip1 = self.encoder1(frame)
            skip2 = self.encoder2(skip1)
            state = self.lstm(self.encoder3(skip2), state)
            if every_step or index == last:
                x = self.decoder1(state[0]) + skip2
                x = self.decoder2(x) + skip1
                steps.append(self.decoder3(x))
        return torch.stack(steps, dim=1)


def _enlarge(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, in_channels, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(in_channels, out_channels, 4, 2, 1),
        nn.ReLU(inplace=True),
    )
