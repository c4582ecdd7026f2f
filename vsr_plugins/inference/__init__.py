"""From a trained model to frames and files."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={'upscaling': ['Upscaled', 'upscale']})
