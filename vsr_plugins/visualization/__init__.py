"""Draw results: comparisons, attention, weight maps, quality against cost, videos."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__, submod_attrs={'comparison': ['comparison_figure', 'most_detailed_window']}
)
