"""Patch of mmagic 1.2.0: silence deprecation warnings of its imports that no user can fix. Delete with mmagic 1.2.0."""

import warnings

# Category, start of the message, module that warns.
HARMLESS = (
    (FutureWarning, r'`\w+` is deprecated', r'diffusers\.'),
    (FutureWarning, r'Importing `?\w+', r'diffusers\.'),
    (FutureWarning, r'`torch\.jit\.script` is deprecated', r''),
    (UserWarning, r'pkg_resources is deprecated', r''),
)


def apply() -> None:
    """Ignore the warnings of ``HARMLESS`` only."""
    for category, message, module in HARMLESS:
        warnings.filterwarnings('ignore', message=message, category=category, module=module)
