"""Smoothness loss of optical flow."""

from typing import Literal

from mmagic.registry import MODELS
from torch import Tensor, nn

KINDS = ('tv', 'huber')


@MODELS.register_module()
class FlowSmoothnessLoss(nn.Module):
    """Differences of the flow between neighbouring pixels.

    Args:
        kind: ``'tv'``, the mean of their absolute values (total variation; "Detail-revealing Deep Video
            Super-resolution", ICCV 2017), or ``'huber'``, the root of ``eps`` plus the sum of all their squares at a
            pixel, averaged ("Real-Time Video Super-Resolution with Spatio-Temporal Networks and Motion Compensation",
            CVPR 2017).
        loss_weight: Factor.
        eps: Constant inside the root of ``'huber'``, 0.01 in the paper.
        unit: Pixels that count as 1. VESPCN's networks output flow in [-1, 1]; applying the paper's weights to that
            range is our reading: in pixels they suppress all motion but that of the complete frame.

    Raises:
        ValueError: If ``kind`` is neither, or ``unit`` is not positive.
    """

    def __init__(
        self, kind: Literal['tv', 'huber'] = 'tv', loss_weight: float = 1.0, eps: float = 0.01, unit: float = 1.0
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f'kind must be one of {", ".join(KINDS)}, but got {kind!r}')
        if not unit > 0:
            raise ValueError(f'unit must be positive, but got {unit!r}')
        self.kind = kind
        self.loss_weight = loss_weight
        self.eps = eps
        self.unit = unit

    def forward(self, flow: Tensor) -> Tensor:
        """Loss of (n, 2, h, w), in pixels, h and w at least 2."""
        flow = flow / self.unit
        down = flow[..., 1:, :-1] - flow[..., :-1, :-1]
        right = flow[..., :-1, 1:] - flow[..., :-1, :-1]
        if self.kind == 'tv':
            return self.loss_weight * (down.abs().mean() + right.abs().mean())
        squares = (down.square() + right.square()).sum(dim=1)
        return self.loss_weight * (squares + self.eps).sqrt().mean()
