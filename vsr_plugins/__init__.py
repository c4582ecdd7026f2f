"""Video super-resolution methods and baselines for MMagic, measured under one stated protocol.

Importing this package is quick: it imports neither PyTorch nor mmengine nor MMagic. It changes two things in the
process, when the modules in question are imported, before or after: MMagic's registries know this package
(``registration``), and what upstream breaks on today's PyTorch is patched (``compat``).
"""

import lazy_loader

from .moved import find_moved
from .registration import register
from .version import __version__

register()
find_moved()

__getattr__, _lazy_dir, _lazy = lazy_loader.attach(
    __name__,
    submod_attrs={
        'engine.config_paths': ['config_path'],
        'apis.upscaling': ['Upscaled', 'upscale'],
        'evaluation.protocols': ['PROTOCOLS', 'Protocol', 'get_protocol'],
    },
)
__all__ = ['__version__', *_lazy]


def __dir__() -> list[str]:
    return sorted({*globals(), *_lazy_dir()})
