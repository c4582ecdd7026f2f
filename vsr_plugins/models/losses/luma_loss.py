"""Apply any loss to Y only."""

from typing import Any

from mmagic.registry import MODELS
from torch import Tensor, nn

from ..blocks.color import luma


@MODELS.register_module()
class LumaLoss(nn.Module):
    """A pixel loss on Y of BT.601, for networks that restore Y and interpolate Cb and Cr.

    On RGB the loss would include the error of the chroma, which such a network cannot reduce and which biases Y.

    Args:
        loss: Config of the loss on Y, in [16/255, 235/255].
    """

    def __init__(self, loss: dict) -> None:
        super().__init__()
        self.loss = MODELS.build(loss)

    def forward(self, pred: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
        """Loss of (..., 3, h, w), RGB in [0, 1]; further arguments are passed to the inner loss."""
        return self.loss(luma(pred), luma(target), **kwargs)
