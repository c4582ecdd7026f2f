"""Patches of upstream for today's PyTorch, one per file, each with the upstream fault and when to delete the patch.

Each patch is applied right after the module that it changes is imported by other code; patches import nothing
themselves. No other code of the package depends on this folder: once no patch is needed, delete it.
"""

from importlib import import_module
from types import ModuleType

from vsr_plugins_startup import when_imported

# Upstream module -> files of this folder that patch it.
PATCHES = {
    'mmagic': ('numpy_names', 'upstream_warnings'),
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


def apply_when_imported() -> None:
    """Apply every patch as soon as its module is imported. May be called repeatedly."""
    for module in PATCHES:
        when_imported(module, _apply)


def _apply(module: ModuleType) -> None:
    for name in PATCHES[module.__name__]:
        import_module(f'{__name__}.{name}').apply()
