"""Patches of upstream for today's PyTorch, one per file, each with the upstream fault and when to delete the patch.

Each patch is applied right after the module that it changes is imported by other code; patches import nothing
themselves. No other code of the package depends on this folder: once no patch is needed, delete it.
"""

from functools import cache
from importlib import import_module
from types import ModuleType

from vsr_plugins_startup import when_imported

# Upstream module -> files of this folder that patch it.
PATCHES = {
    'mmagic': ('upstream_warnings',),
    'mmengine.config.config': ('config_text',),
    'mmengine.structures': ('sample_keys',),
    'mmengine.runner': (
        'activation_checkpointing',
        'checkpoint_writing',
        'cpu_processes',
        'partial_loading',
        'resuming',
        'scaled_lr',
    ),
    'mmagic.datasets.transforms': ('video_compression',),
    'mmagic.engine.runner': ('bounded_tests', 'mismatched_data'),
}


@cache
def apply_when_imported() -> None:
    """Apply every patch as soon as its module of upstream is imported, once, however often this is called."""
    for module, patches in PATCHES.items():
        for patch in patches:
            # After the patch's own import, which may be what imports upstream.
            when_imported(f'{__name__}.{patch}', _apply)
        when_imported(module, _import_patches)


def _import_patches(module: ModuleType) -> None:
    for patch in PATCHES[module.__name__]:
        import_module(f'{__name__}.{patch}')


def _apply(patch: ModuleType) -> None:
    patch.apply()
