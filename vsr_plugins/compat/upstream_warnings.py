"""Mends mmagic 1.2.0, whose imports print a page of deprecation warnings a user can do nothing about; goes with it."""

import warnings

# Category, start of the message, module that warns.
HARMLESS = (
    (FutureWarning, r'`\w+` is deprecated', r'diffusers\.'),
    (FutureWarning, r'Importing `?\w+', r'diffusers\.'),
    (FutureWarning, r'`torch\.jit\.script` is deprecated', r''),
    (UserWarning, r'pkg_resources is deprecated', r''),
)


def apply() -> None:
    """Silence exactly these."""
    for category, message, module in HARMLESS:
        warnings.filterwarnings('ignore', message=message, category=category, module=module)
