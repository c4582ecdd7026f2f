"""Metrics for MMagic's ``METRICS`` registry."""

from .vsr_metric import VSRMetric

__all__ = ['VSRMetric']
