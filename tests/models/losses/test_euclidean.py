import pytest
import torch

from vsr_plugins.models.losses import EuclideanLoss


def test_it_is_the_mean_over_frames_of_the_root_mean_square():
    target = torch.zeros(1, 2, 3, 4, 5)
    pred = target.clone()
    pred[:, 0] = 0.3
    # The second frame differs in one of its 60 values: sqrt(0.6^2 / 60).
    pred[:, 1, 0, 0, 0] = 0.6
    assert EuclideanLoss()(pred, target).item() == pytest.approx((0.3 + 0.0774597) / 2, rel=1e-5)
    assert EuclideanLoss(loss_weight=2.0)(pred, target).item() == pytest.approx(0.3 + 0.0774597, rel=1e-5)


def test_the_gradient_of_equal_frames_is_finite():
    pred = torch.ones(1, 1, 3, 4, 4, requires_grad=True)
    EuclideanLoss()(pred, torch.ones(1, 1, 3, 4, 4)).backward()
    assert not pred.grad.any()


def test_shapes_must_agree():
    with pytest.raises(ValueError, match=r'\(1, 1, 3, 4, 4\) and \(1, 3, 4, 4\)'):
        EuclideanLoss()(torch.ones(1, 1, 3, 4, 4), torch.ones(1, 3, 4, 4))
