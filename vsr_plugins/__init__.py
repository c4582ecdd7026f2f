"""Video super-resolution methods and baselines for MMagic, measured under one stated protocol.

Importing this package mends what upstream breaks on today's PyTorch (``compat``), lets the process keep freed memory
(``allocator``), which a network on CPU needs to be fast, and tells MMagic's registries where the rooms of this package
are. A room is imported when its registry is first asked for something, as upstream's own are.
"""

from importlib.util import find_spec

from .allocator import keep_freed_memory
from .config_paths import config_path
from .version import __version__, check_essential

check_essential()
keep_freed_memory()

if find_spec('vsr_plugins.compat') is not None:
    from . import compat

    compat.apply()

from . import checkpoints  # noqa: E402, F401  (upstream is mended before it is imported)
from .rooms import register_rooms  # noqa: E402

register_rooms()

__all__ = ['__version__', 'config_path']
