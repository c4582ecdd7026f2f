"""Measure the quality of frames under a stated protocol."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'metrics': ['PerceptualIndex', 'VSRMetric'],
        'protocols': ['PROTOCOLS', 'Protocol', 'get_protocol'],
    },
)
