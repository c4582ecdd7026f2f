"""Mends of upstream on today's PyTorch: one file a mend, each says which fault it mends and when it can go.

Nothing else in the package knows of this folder. Where nothing needs mending it can be deleted.
"""

from . import checkpoint_writing, config_text, partial_loading, sample_keys, upstream_warnings


def apply() -> None:
    """Apply every mend that this environment needs. Safe to call more than once."""
    upstream_warnings.apply()
    sample_keys.apply()
    config_text.apply()
    checkpoint_writing.apply()
    partial_loading.apply()
