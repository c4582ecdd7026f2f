import pytest
import torch
from mmagic.registry import MODELS


def test_typed_values():
    loss = MODELS.build(dict(type='HuberLoss', delta=0.01, loss_weight=2))
    target = torch.zeros(2)
    assert loss(torch.tensor([0.004, 0.0]), target).item() == pytest.approx(0.004**2 / 2)
    assert loss(torch.tensor([0.0, -0.5]), target).item() == pytest.approx(0.01 * (0.5 - 0.005))
