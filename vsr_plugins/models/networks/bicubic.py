"""Bicubic upsampling as a network, the baseline of every table."""

from torch import Tensor

from ..blocks.resize import bicubic_upsample
from .base import Network


class BicubicNet(Network):
    """Upsample each frame by MATLAB's bicubic kernel. It has no parameters and cannot be trained.

    Args:
        scale: Upscaling factor, an integer.
        init_cfg: See ``Network``.
    """

    multiple_of = 1
    window = None
    output = 'all'
    temporal_context = 0

    def __init__(self, scale: int = 4, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.scale = scale

    def forward(self, lqs: Tensor) -> Tensor:
        """All frames: (n, t, c, h, w) in [0, 1] -> (n, t, c, scale * h, scale * w)."""
        return bicubic_upsample(lqs, self.scale)
