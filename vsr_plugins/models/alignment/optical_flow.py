"""Optical flow for alignment: flow networks that need no training here.

Whatever is registered and called as ``flow(references, neighbours)`` fits, with this convention.

Convention:
    Two of (m, 3 or 1, h, w) in [0, 1] -> (m, 2, h, w), dx first, in pixels, from the reference to the neighbour:
    ``reference(p) ~ neighbour(p + flow(p))``.
"""

from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..blocks.color import luma
from ..networks.base import Network
from .spynet import SPyNet

PRESETS = {
    'ultrafast': cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST,
    'fast': cv2.DISOPTICAL_FLOW_PRESET_FAST,
    'medium': cv2.DISOPTICAL_FLOW_PRESET_MEDIUM,
}
# Pixels that OpenCV's DIS needs in each direction, with some to spare, and at the finest level of its pyramid at least:
# on less it reads beyond its memory.
SMALLEST = 16
SMALLEST_LEVEL = 8


class DISFlow(Network):
    """OpenCV's dense inverse search, on the CPU and without weights; not differentiable.

    Paper:
        Fast Optical Flow using Dense Inverse Search. ECCV 2016. Which flow Robust Video Super-Resolution With Learned
        Temporal Dynamics used is not stated.

    Args:
        preset: ``'ultrafast'``, ``'fast'`` or ``'medium'``. The first takes a third of the time of the last; it is
            as good on neighbouring frames, and worse on motion that is large for the size of the frame.
        finest_scale: Level of the pyramid at which it stops; 0 is the full resolution, which small frames want. Frames
            that are too small for the level are taken at the coarsest that they have.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self, preset: str = 'medium', finest_scale: int = 0) -> None:
        super().__init__()
        if preset not in PRESETS:
            raise ValueError(f'preset must be one of {", ".join(PRESETS)}, but got {preset!r}')
        if finest_scale < 0:
            raise ValueError(f'finest_scale must be at least 0, but got {finest_scale}')
        self.preset = preset
        self.finest_scale = finest_scale

    @torch.no_grad()
    def forward(self, references: Tensor, neighbours: Tensor) -> Tensor:
        """Flow of pairs, two of (m, c, h, w) -> (m, 2, h, w), float32; zero if one of a pair is of one grey level."""
        # OpenCV's object cannot be copied or sent to a worker, so it lives as long as a call.
        estimator = cv2.DISOpticalFlow_create(PRESETS[self.preset])
        h, w = references.shape[-2:]
        coarsest = (max(min(h, w), SMALLEST) // SMALLEST_LEVEL).bit_length() - 1
        estimator.setFinestScale(min(self.finest_scale, coarsest))
        pairs = zip(_grey(references), _grey(neighbours), strict=True)
        # What a frame of one grey level is compared with gets whatever flow the method starts from.
        flows = [
            np.zeros((h, w, 2), np.float32)
            if min(np.ptp(reference), np.ptp(neighbour)) == 0
            else estimator.calc(reference, neighbour, None)[:h, :w]
            for reference, neighbour in pairs
        ]
        stacked = np.stack(flows) if flows else np.zeros((0, h, w, 2), np.float32)
        return torch.from_numpy(stacked).permute(0, 3, 1, 2).to(references.device)


def _grey(frames: Tensor) -> np.ndarray:
    """(m, c, h, w) -> (m, h', w') uint8, no smaller than DIS takes."""
    grey = luma(frames) if frames.shape[1] == 3 else frames.float()
    bottom, right = (max(SMALLEST - size, 0) for size in frames.shape[-2:])
    grey = F.pad(grey, (0, right, 0, bottom), mode='replicate')
    return (grey[:, 0] * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


class SPyNetFlow(Network):
    """SPyNet, differentiable and trained along with the network.

    Paper:
        Optical Flow Estimation using a Spatial Pyramid Network. CVPR 2017.

    Args:
        pretrained: Its weights: a local file, or ``'pretrained:spynet'`` for those of ``vsr_plugins.pretrained``. None
            leaves them as initialised, for a network whose checkpoint holds them.

    Raises:
        FileNotFoundError: If there are no such weights.
        ValueError: If they are not SPyNet's.
    """

    def __init__(self, pretrained: str | Path | None = None) -> None:
        super().__init__()
        self.spynet = SPyNet()
        if pretrained is not None:
            self.spynet.load_pretrained(pretrained)

    def forward(self, references: Tensor, neighbours: Tensor) -> Tensor:
        """Flow of pairs, two of (m, c, h, w) -> (m, 2, h, w), float32."""
        with torch.autocast(references.device.type, enabled=False):
            pair = (frames.float().expand(-1, 3, -1, -1) for frames in (references, neighbours))
            return self.spynet(*pair)
