"""Losses that upstream does not have."""

from .luma_loss import LumaLoss

__all__ = ['LumaLoss']
