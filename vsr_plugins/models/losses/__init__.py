"""Losses that upstream does not have."""

from .euclidean import EuclideanLoss
from .flow_smoothness_loss import FlowSmoothnessLoss
from .huber_loss import HuberLoss
from .luma_loss import LumaLoss

__all__ = ['EuclideanLoss', 'FlowSmoothnessLoss', 'HuberLoss', 'LumaLoss']
