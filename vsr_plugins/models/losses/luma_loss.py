"""A loss on Y alone."""

from typing import Any

from mmagic.registry import MODELS
from torch import Tensor, nn

from ..blocks.color import luma


@MODELS.register_module()
class LumaLoss(nn.Module):
    """Any pixel loss, taken on Y of BT.601, for networks that restore Y and enlarge Cb and Cr by interpolation.

    On RGB the loss of such a network would also hold the error of the chroma, which it cannot mend and which pulls Y.

    Args:
        loss: Config of the loss that sees Y, in [16/255, 235/255].
    """

    def __init__(self, loss: dict) -> None:
        super().__init__()
        self.loss = MODELS.build(loss)

    def forward(self, pred: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
        """Loss of (..., 3, h, w), RGB in [0, 1]; further arguments are those of the inner loss."""
        return self.loss(luma(pred), luma(target), **kwargs)
