import pytest
import torch
from mmagic.registry import MODELS

from vsr_plugins.models.blocks.color import luma, with_luma


def test_it_uses_y_only():
    loss = MODELS.build(dict(type='LumaLoss', loss=dict(type='MSELoss')))
    target = torch.rand(2, 3, 5, 6, dtype=torch.float64)
    y = luma(target)
    other_chroma = with_luma(torch.rand_like(target), y)
    assert loss(other_chroma, target).item() == pytest.approx(0, abs=1e-12)
    # White against black: 219 / 255 of difference in Y.
    assert loss(torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)).item() == pytest.approx((219 / 255) ** 2)
    summed = MODELS.build(dict(type='LumaLoss', loss=dict(type='MSELoss', reduction='sum')))
    weighted = summed(with_luma(target, y + 0.5), target, weight=torch.full_like(y, 2))
    assert weighted.item() == pytest.approx(2 * 0.25 * y.numel())
