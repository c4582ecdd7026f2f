"""Losses that upstream does not have."""

from .euclidean import EuclideanLoss
from .flow_smoothness_loss import FlowSmoothnessLoss
from .huber_loss import HuberLoss
from .local_perceptual_loss import LocalPerceptualLoss
from .luma_loss import LumaLoss

__all__ = ['EuclideanLoss', 'FlowSmoothnessLoss', 'HuberLoss', 'LocalPerceptualLoss', 'LumaLoss']
