"""Euclidean distance of frames."""

import torch
from mmagic.registry import MODELS
from torch import Tensor, nn

# Keeps the gradient finite where prediction and target are equal; a thousandth of a grey level of 255.
EPSILON = 4e-6


@MODELS.register_module()
class EuclideanLoss(nn.Module):
    """Mean over frames of the Euclidean distance between frame and target, per value: ``||y - t||_2 / sqrt(c h w)``.

    Eq. (22) of "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A)). The division
    is ours: it makes the loss, and the meaning of a gradient clip, independent of the patch size. The loss is the root
    of the mean squared error, frame by frame.

    Args:
        loss_weight: Factor.
    """

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight

    def forward(self, pred: Tensor, target: Tensor) -> Tensor:
        """(..., c, h, w) twice -> ().

        Raises:
            ValueError: If the shapes differ.
        """
        if pred.shape != target.shape:
            raise ValueError(
                f'prediction and target must have one shape, but got {tuple(pred.shape)} and {tuple(target.shape)}'
            )
        squared = (pred - target).square().flatten(-3).mean(dim=-1)
        return self.loss_weight * torch.sqrt(squared + EPSILON**2).mean()
