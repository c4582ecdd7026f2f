"""Metrics for MMagic's ``METRICS`` registry."""

from .perceptual_index import PerceptualIndex
from .vsr_metric import VSRMetric

__all__ = ['PerceptualIndex', 'VSRMetric']
