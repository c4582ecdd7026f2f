"""Measuring frames under a stated protocol."""

from .metrics import VSRMetric
from .protocols import PROTOCOLS, Protocol, get_protocol

__all__ = ['PROTOCOLS', 'Protocol', 'VSRMetric', 'get_protocol']
