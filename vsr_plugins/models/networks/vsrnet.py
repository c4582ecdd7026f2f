"""VSRnet, the first convolutional network for video super-resolution."""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..blocks.color import run_in_color
from ..blocks.resize import bicubic_upsample
from ..blocks.upsampling import whole_scale
from ..blocks.warping import flow_warp
from ..build import build_network
from .base import Network

COMPENSATIONS = ('adaptive', 'full', 'none')


class VSRNet(Network):
    """SRCNN on five bicubically upsampled, motion-compensated frames, whose features are concatenated before layer 2.

    Paper:
        Video Super-Resolution With Convolutional Neural Networks. IEEE Transactions on Computational Imaging 2(2),
        2016, with filter symmetry enforced: 272,577 parameters at any scale, on Y.

    Training starts from SRCNN, see ``vsr convert --from vsrnet_srcnn``. The paper's optical flow is CLG-TV; here any
    registered flow can be used.

    Args:
        scale: Upscaling factor, an integer.
        motion_compensation: ``'adaptive'`` fades to the centre frame where compensation fails, ``'full'`` applies it
            everywhere, ``'none'`` leaves the frames unchanged.
        tolerance: Error, in grey levels of 255, at which a compensated pixel has weight 1/e in ``'adaptive'``; 8 in the
            authors' code.
        flow: Config of the optical flow. It is not trained.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If an argument is out of range.
    """

    multiple_of = 1
    window = 5
    output = 'center'

    def __init__(
        self,
        scale: int = 4,
        motion_compensation: Literal['adaptive', 'full', 'none'] = 'adaptive',
        tolerance: float = 8.0,
        flow: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if motion_compensation not in COMPENSATIONS:
            raise ValueError(
                f'motion_compensation must be one of {", ".join(COMPENSATIONS)}, but got {motion_compensation!r}'
            )
        if tolerance <= 0:
            raise ValueError(f'tolerance must be above 0, but got {tolerance}')
        self.scale = whole_scale(scale)
        self.motion_compensation = motion_compensation
        self.tolerance = tolerance / 255
        if motion_compensation != 'none':
            self.flow = build_network({'type': 'DISFlow'} if flow is None else flow)
        # Frames at the same distance from the centre share filters.
        self.conv1_outer = nn.Conv2d(1, 64, 9, padding=4)
        self.conv1_inner = nn.Conv2d(1, 64, 9, padding=4)
        self.conv1_center = nn.Conv2d(1, 64, 9, padding=4)
        self.conv2 = nn.Conv2d(5 * 64, 32, 5, padding=2)
        self.conv3 = nn.Conv2d(32, 1, 5, padding=2)

    def forward(self, lqs: Tensor) -> Tensor:
        """Centre frame: (n, 5, c, h, w) in [0, 1], RGB or Y -> (n, c, scale * h, scale * w), any size.

        Raises:
            ValueError: If there are not five frames.
        """
        if lqs.shape[1] != self.window:
            raise ValueError(f'VSRNet takes {self.window} frames, but got {lqs.shape[1]}: {tuple(lqs.shape)}')
        return run_in_color(self._restore, lqs, 'y', self.scale, 'center')

    def _restore(self, frames: Tensor) -> Tensor:
        upsampled = bicubic_upsample(frames, self.scale)
        if self.motion_compensation != 'none':
            upsampled = self.compensate(upsampled)
        return self.reconstruct(upsampled)

    def compensate(self, frames: Tensor) -> Tensor:
        """Warp the neighbours onto the centre frame, (n, 5, 1, h, w) -> (n, 5, 1, h, w)."""
        middle = self.window // 2
        center = frames[:, middle]
        neighbours = torch.cat((frames[:, :middle], frames[:, middle + 1 :]), dim=1)
        references = center.unsqueeze(1).expand_as(neighbours).flatten(0, 1)
        neighbours = neighbours.flatten(0, 1)
        with torch.no_grad():
            flow = self.flow(references, neighbours)
        warped = flow_warp(neighbours, flow)
        if self.motion_compensation == 'adaptive':
            trust = torch.exp((warped - references).abs() / -self.tolerance)
            warped = references + trust * (warped - references)
        warped = warped.unflatten(0, (-1, self.window - 1))
        return torch.cat((warped[:, :middle], center.unsqueeze(1), warped[:, middle:]), dim=1)

    def reconstruct(self, frames: Tensor) -> Tensor:
        """Run the layers: upsampled, compensated frames (n, 5, 1, h, w) -> (n, 1, h, w)."""
        layers = (self.conv1_outer, self.conv1_inner, self.conv1_center, self.conv1_inner, self.conv1_outer)
        features = [conv(frame) for conv, frame in zip(layers, frames.unbind(1), strict=True)]
        x = F.relu(torch.cat(features, dim=1), inplace=True)
        return self.conv3(F.relu(self.conv2(x), inplace=True))
