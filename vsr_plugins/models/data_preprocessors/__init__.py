"""What stands between data sets and networks, where upstream's does not serve."""

from .padded import PaddedDataPreprocessor

__all__ = ['PaddedDataPreprocessor']
