"""FRVSR, frame-recurrent super-resolution."""

from collections.abc import Iterable, Iterator
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..alignment.coarse_to_fine_flow import Motion
from ..blocks.resize import pad_to_multiple
from ..blocks.tecogan_bicubic import tecogan_bicubic_upsample
from ..blocks.upsampling import shuffle_factors, whole_scale
from ..blocks.warping import flow_warp
from .base import Network

UPSAMPLINGS = ('bilinear', 'tecogan_bicubic')


class FRVSRNet(Network):
    """Warp the previous output onto the current frame and concatenate it with the frame, by space-to-depth.

    Paper:
        Frame-Recurrent Video Super-Resolution. CVPR 2018. FRVSR 10-128 at x4 has 5,054,693 parameters, FRVSR 10-64
        2,589,093.

    Only the previous frame and its output are kept: ``stream`` runs clips of any length in constant memory; ``forward``
    also keeps the outputs of the clip.

    Args:
        mid_channels: Channels of the super-resolution part.
        num_blocks: Residual blocks of the super-resolution part.
        scale: Upscaling factor, an integer.
        max_displacement: Pixels that correspond to an output of 1 of the flow network. The paper does not state it;
            the default is that of TecoGAN.
        flow_upsampling: How the flow is upsampled: ``'bilinear'`` (the paper), or ``'tecogan_bicubic'``, needed by
            TecoGAN-PyTorch's weights for BD (x4 only).
        global_residual: Add the frame, upsampled the same way. Not in the paper; TecoGAN's weights need it.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If an argument is out of range.
    """

    multiple_of = 8
    window = None
    output = 'all'

    def __init__(
        self,
        mid_channels: int = 128,
        num_blocks: int = 10,
        scale: int = 4,
        max_displacement: float = 24.0,
        flow_upsampling: Literal['bilinear', 'tecogan_bicubic'] = 'bilinear',
        global_residual: bool = False,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if flow_upsampling not in UPSAMPLINGS:
            raise ValueError(f'flow_upsampling must be one of {", ".join(UPSAMPLINGS)}, but got {flow_upsampling!r}')
        if flow_upsampling == 'tecogan_bicubic' and scale != 4:
            raise ValueError(f'flow_upsampling tecogan_bicubic supports scale 4 only, but got {scale}')
        self.scale = scale = whole_scale(scale)
        self.flow_upsampling = flow_upsampling
        self.global_residual = global_residual
        self.flow = FlowNet(max_displacement)
        self.conv_first = nn.Conv2d(3 + 3 * scale**2, mid_channels, 3, padding=1)
        self.blocks = nn.ModuleList(ResidualBlock(mid_channels) for _ in range(num_blocks))
        self.deconvs = nn.ModuleList(
            nn.ConvTranspose2d(mid_channels, mid_channels, 3, factor, padding=1, output_padding=factor - 1)
            for factor in shuffle_factors(scale)
        )
        self.conv_last = nn.Conv2d(mid_channels, 3, 3, padding=1)

    def forward(self, lqs: Tensor) -> Tensor:
        """All frames: (n, t, 3, h, w) in [0, 1] -> (n, t, 3, scale * h, scale * w), any t and any size."""
        return torch.stack(list(self.stream(lqs.unbind(1))), dim=1)

    def stream(self, lqs: Iterable[Tensor]) -> Iterator[Tensor]:
        """Yield the output of each frame once computed: (n, 3, h, w) each -> (n, 3, scale * h, scale * w) each."""
        before: tuple[Tensor, Tensor] | None = None
        for lq in lqs:
            warped = None
            if before is not None:
                previous, output = before
                warped = flow_warp(output, self._enlarge_flow(self.estimate_flow(lq, previous)))
            output = self.restore(lq, warped)
            before = lq, output
            yield output

    def forward_with_motion(self, lqs: Tensor) -> tuple[Tensor, Motion]:
        """Return ``forward``'s output and the motion of each frame but the first to the previous, (n * (t - 1), ...).

        Raises:
            ValueError: If there are fewer than two frames.
        """
        if lqs.shape[1] < 2:
            raise ValueError(f'motion needs at least 2 frames, but got {lqs.shape[1]}')
        flows: list[Tensor] = []
        outputs: list[Tensor] = []
        for index, lq in enumerate(lqs.unbind(1)):
            warped = None
            if index:
                flows.append(self.estimate_flow(lq, lqs[:, index - 1]))
                warped = flow_warp(outputs[-1], self._enlarge_flow(flows[-1]))
            outputs.append(self.restore(lq, warped))
        flow = torch.stack(flows, dim=1).flatten(0, 1)
        before, target = lqs[:, :-1].flatten(0, 1), lqs[:, 1:].flatten(0, 1)
        return torch.stack(outputs, dim=1), Motion(flow, flow_warp(before, flow), target)

    def estimate_flow(self, frame: Tensor, previous: Tensor) -> Tensor:
        """Flow from a frame to the previous one, two of (n, 3, h, w) -> (n, 2, h, w), see ``flow_warp``."""
        h, w = frame.shape[-2:]
        pair = pad_to_multiple(torch.cat((frame, previous), dim=1).unsqueeze(1), self.multiple_of).squeeze(1)
        return self.flow(pair)[..., :h, :w]

    def restore(self, lq: Tensor, warped: Tensor | None) -> Tensor:
        """Restore a frame (n, 3, h, w), given the previous output warped onto it, or None at the start of a clip."""
        if warped is None:
            n, _, h, w = lq.shape
            known = lq.new_zeros(n, 3 * self.scale**2, h, w)
        else:
            known = F.pixel_unshuffle(warped, self.scale)
        x = F.relu(self.conv_first(torch.cat((lq, known), dim=1)), inplace=True)
        for block in self.blocks:
            x = block(x)
        for deconv in self.deconvs:
            x = F.relu(deconv(x), inplace=True)
        output = self.conv_last(x)
        return output + self._enlarge(lq) if self.global_residual else output

    def _enlarge_flow(self, flow: Tensor) -> Tensor:
        return self._enlarge(flow) * self.scale

    def _enlarge(self, images: Tensor) -> Tensor:
        if self.flow_upsampling == 'bilinear':
            return F.interpolate(images, scale_factor=self.scale, mode='bilinear', align_corners=False)
        return tecogan_bicubic_upsample(images)


class ResidualBlock(nn.Module):
    """Convolution, ReLU, convolution, and the input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, c, h, w) -> (n, c, h, w)."""
        return x + self.conv2(F.relu(self.conv1(x), inplace=True))


class FlowNet(nn.Module):
    """FNet, an encoder-decoder without skips.

    Args:
        max_displacement: Pixels that correspond to an output of 1.
    """

    def __init__(self, max_displacement: float = 24.0) -> None:
        super().__init__()
        self.max_displacement = max_displacement
        down, up = (6, 32, 64, 128), (128, 256, 128, 64)
        self.encoders = nn.ModuleList(_two_convs(a, b) for a, b in zip(down, down[1:], strict=False))
        self.decoders = nn.ModuleList(_two_convs(a, b) for a, b in zip(up, up[1:], strict=False))
        self.head = nn.Sequential(
            nn.Conv2d(64, 32, 3, padding=1), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(32, 2, 3, padding=1)
        )

    def forward(self, pair: Tensor) -> Tensor:
        """Frame and previous frame, (n, 6, h, w), h and w multiples of 8 -> (n, 2, h, w), float32, in pixels."""
        x = pair
        for encoder in self.encoders:
            x = F.max_pool2d(encoder(x), 2)
        for decoder in self.decoders:
            x = F.interpolate(decoder(x), scale_factor=2, mode='bilinear', align_corners=False)
        return self.head(x).float().tanh() * self.max_displacement


def _two_convs(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
        nn.Conv2d(out_channels, out_channels, 3, padding=1),
        nn.LeakyReLU(0.2, inplace=True),
    )
