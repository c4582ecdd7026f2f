"""Patches of upstream on today's PyTorch: one file a patch, each says which fault it mends and when it can go.

Each patch is applied right after the module that it changes was imported, by whomever; nothing is imported for it.
Nothing else in the package knows of this folder. Where nothing needs a patch it can be deleted.
"""

from importlib import import_module
from types import ModuleType

from vsr_plugins_startup import when_imported

# Module of upstream -> patches of this folder that change it.
PATCHES = {
    'mmagic': ('upstream_warnings',),
    'mmengine.config.config': ('config_text',),
    'mmengine.structures': ('sample_keys',),
    'mmengine.runner': ('checkpoint_writing', 'partial_loading'),
}


def apply_when_imported() -> None:
    """Let every patch wait for its module. Safe to call more than once."""
    for module in PATCHES:
        when_imported(module, _apply)


def _apply(module: ModuleType) -> None:
    for name in PATCHES[module.__name__]:
        import_module(f'{__name__}.{name}').apply()
