"""Huber loss, as used to train DUF."""

import torch.nn.functional as F
from mmagic.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class HuberLoss(nn.Module):
    """Half the squared error up to ``delta``, beyond it ``delta * (absolute error - delta / 2)``; the mean.

    Args:
        delta: End of the quadratic part; 0.01 for frames in [0, 1] in "Deep Video Super-Resolution Network Using
            Dynamic Upsampling Filters Without Explicit Motion Compensation" (CVPR 2018).
        loss_weight: Factor.
    """

    def __init__(self, delta: float = 0.01, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.delta = delta
        self.loss_weight = loss_weight

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """Loss of two tensors of one shape."""
        return self.loss_weight * F.huber_loss(pred, target, delta=self.delta)
