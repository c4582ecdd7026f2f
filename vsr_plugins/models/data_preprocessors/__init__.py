"""Data preprocessors for cases that upstream's does not cover."""

from .batched import BatchDataPreprocessor
from .padded import PaddedDataPreprocessor

__all__ = ['BatchDataPreprocessor', 'PaddedDataPreprocessor']
