"""Video super-resolution methods and baselines for MMagic, measured under one stated protocol.

Importing this package is quick: it imports neither PyTorch nor mmengine nor MMagic. It changes two things in the
process as soon as the affected modules are imported, before or after it: it adds itself to MMagic's registries
(``registration``), and patches upstream for today's PyTorch (``compat``).
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
