"""What stands between data sets and networks, where upstream's does not serve."""

from .batched import BatchDataPreprocessor
from .padded import PaddedDataPreprocessor

__all__ = ['BatchDataPreprocessor', 'PaddedDataPreprocessor']
