"""Losses that upstream does not have."""

from .euclidean import EuclideanLoss
from .luma_loss import LumaLoss

__all__ = ['EuclideanLoss', 'LumaLoss']
