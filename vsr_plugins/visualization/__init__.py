"""Pictures of results."""

from .comparison import comparison_figure, most_detailed_window

__all__ = ['comparison_figure', 'most_detailed_window']
