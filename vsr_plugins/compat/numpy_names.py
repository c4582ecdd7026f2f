"""mmagic 1.2.0 uses ``numpy.bool8``, which NumPy 2 no longer has. Delete with mmagic > 1.2.0."""

import numpy as np


def apply() -> None:
    """Give the old name to ``numpy.bool_``."""
    if 'bool8' not in vars(np):
        np.bool8 = np.bool_  # type: ignore[attr-defined]
