"""mmagic 1.2.0 uses ``numpy.bool8``, which NumPy 2 no longer has. Delete with mmagic > 1.2.0.

``vsr_plugins_startup`` applies this file, because a command may import MMagic before this package.
"""

from types import ModuleType


def give_old_names(mmagic: ModuleType) -> None:
    """Give the old name to ``numpy.bool_``, right after the top module of MMagic was imported."""
    import numpy as np

    if 'bool8' not in vars(np):
        np.bool8 = np.bool_  # type: ignore[attr-defined]
