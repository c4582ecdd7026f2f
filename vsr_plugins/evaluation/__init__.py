"""Measuring frames under a stated protocol."""

from .metrics import PerceptualIndex, VSRMetric
from .protocols import PROTOCOLS, Protocol, get_protocol

__all__ = ['PROTOCOLS', 'PerceptualIndex', 'Protocol', 'VSRMetric', 'get_protocol']
