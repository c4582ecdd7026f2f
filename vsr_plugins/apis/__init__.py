"""What scripts call: one task a function, with all that a command of ``vsr`` does but parse and print."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'upscaling': ['Upscaled', 'upscale'],
        'upscale_batch': ['upscale_all'],
    },
)
