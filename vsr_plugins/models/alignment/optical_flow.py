"""Optical flow for alignment: DIS without weights, SPyNet with pretrained ones.

Any registered module called as ``flow(references, neighbours)`` fits, with this convention.

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
# Minimum size of a frame and of the finest pyramid level, pixels in each direction, with a margin: below it OpenCV's
# DIS reads out of bounds.
MIN_SIZE = 16
MIN_LEVEL_SIZE = 8


class DISFlow(Network):
    """OpenCV's dense inverse search, on the CPU and without weights; not differentiable.

    Paper:
        Fast Optical Flow using Dense Inverse Search. ECCV 2016. Robust Video Super-Resolution With Learned Temporal
        Dynamics does not state which flow it uses.

    Args:
        preset: ``'ultrafast'``, ``'fast'`` or ``'medium'``. ``'ultrafast'`` takes a third of the time of ``'medium'``;
            it is as good on neighbouring frames, and worse on motion that is large relative to the frame.
        finest_scale: Pyramid level at which the search stops; 0 is full resolution, best for small frames. Frames too
            small for the level use their coarsest level.

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
        """Flow of pairs, two of (m, c, h, w) -> (m, 2, h, w), float32; zero if either frame of a pair is constant."""
        # OpenCV's object can be neither copied nor pickled, so each call creates one.
        estimator = cv2.DISOpticalFlow_create(PRESETS[self.preset])
        h, w = references.shape[-2:]
        coarsest = (max(min(h, w), MIN_SIZE) // MIN_LEVEL_SIZE).bit_length() - 1
        estimator.setFinestScale(min(self.finest_scale, coarsest))
        pairs = zip(_grey(references), _grey(neighbours), strict=True)
        # A constant frame would return the method's initial flow.
        flows = [
            np.zeros((h, w, 2), np.float32)
            if min(np.ptp(reference), np.ptp(neighbour)) == 0
            else estimator.calc(reference, neighbour, None)[:h, :w]
            for reference, neighbour in pairs
        ]
        stacked = np.stack(flows) if flows else np.zeros((0, h, w, 2), np.float32)
        return torch.from_numpy(stacked).permute(0, 3, 1, 2).to(references.device)


def _grey(frames: Tensor) -> np.ndarray:
    """(m, c, h, w) -> (m, h', w') uint8, padded to the minimum size of DIS."""
    grey = luma(frames) if frames.shape[1] == 3 else frames.float()
    bottom, right = (max(MIN_SIZE - size, 0) for size in frames.shape[-2:])
    grey = F.pad(grey, (0, right, 0, bottom), mode='replicate')
    return (grey[:, 0] * 255).round().clamp(0, 255).to(torch.uint8).cpu().numpy()


class SPyNetFlow(Network):
    """SPyNet, differentiable and trained jointly with the network, or kept as it was released.

    Paper:
        Optical Flow Estimation using a Spatial Pyramid Network. CVPR 2017.

    Args:
        pretrained: A local weight file, or ``'pretrained:spynet'`` of ``vsr_plugins.pretrained``. None keeps the
            initial weights, for a network whose checkpoint contains SPyNet.
        frozen: Train neither SPyNet nor what is before it through the flow.

    Raises:
        FileNotFoundError: If the weights do not exist.
        ValueError: If they are not SPyNet's.
    """

    def __init__(self, pretrained: str | Path | None = None, frozen: bool = False) -> None:
        super().__init__()
        self.frozen = frozen
        self.spynet = SPyNet().requires_grad_(not frozen)
        if pretrained is not None:
            self.spynet.load_pretrained(pretrained)

    def forward(self, references: Tensor, neighbours: Tensor) -> Tensor:
        """Flow of pairs, two of (m, c, h, w) -> (m, 2, h, w), float32."""
        with torch.autocast(references.device.type, enabled=False), torch.set_grad_enabled(self._needs_grad()):
            pair = (frames.float().expand(-1, 3, -1, -1) for frames in (references, neighbours))
            return self.spynet(*pair)

    def _needs_grad(self) -> bool:
        return torch.is_grad_enabled() and not self.frozen
