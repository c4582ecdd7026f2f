"""Register this package with MMagic and mmengine, if and when a process imports them.

Importing this package imports neither. The callbacks for their modules are listed here; for a module that is already
imported they run at once, so the order of imports does not matter.
"""

from importlib import import_module
from types import ModuleType

from vsr_plugins_startup import when_imported

from . import compat
from .version import check_essential

# Registry of MMagic -> modules that register classes in it. A registry imports them on its first lookup, as it does
# with MMagic's own.
MODULES = {
    'MODELS': (
        'vsr_plugins.models.registered',
        'vsr_plugins.models.data_preprocessors',
        'vsr_plugins.models.editors',
        'vsr_plugins.models.losses',
    ),
    'DATASETS': (
        'vsr_plugins.datasets.clip_frames',
        'vsr_plugins.datasets.patch_bank',
        'vsr_plugins.datasets.photo_motion',
    ),
    'TRANSFORMS': ('vsr_plugins.datasets.transforms',),
    'METRICS': ('vsr_plugins.evaluation.metrics',),
    'HOOKS': ('vsr_plugins.engine.registered',),
    'LOOPS': ('vsr_plugins.engine.registered',),
    'DATA_SAMPLERS': ('vsr_plugins.engine.registered',),
    'OPTIM_WRAPPERS': ('vsr_plugins.engine.registered',),
}


def register() -> None:
    """Schedule patches, checkpoint loaders and registry locations for the import of their modules."""
    compat.apply_when_imported()
    when_imported('mmengine.runner', _register_checkpoint_loaders)
    when_imported('mmagic.registry', add_locations)
    when_imported(f'{__package__}.models.named_weights', _set_loader)


def add_locations(registry: ModuleType) -> None:
    """Add ``MODULES`` to the import locations of MMagic's registries, or import them if it is too late for that.

    Raises:
        ImportError: If this package cannot work with the installed versions.
    """
    check_essential()
    for name, modules in MODULES.items():
        of_mmagic = getattr(registry, name)
        for module in modules:
            if of_mmagic._imported:
                import_module(module)
            elif module not in of_mmagic._locations:
                of_mmagic._locations.append(module)


def _set_loader(named_weights: ModuleType) -> None:
    def load(network: 'nn.Module', weights: 'str | Path', constants: 'Mapping[str, Tensor]') -> None:  # noqa: F821
        from .checkpoints.matching import load_state_dict_strict
        from .pretrained import checkpoint_weights

        load_state_dict_strict(network, {**constants, **checkpoint_weights(weights)}, str(weights))

    named_weights.loader = load


def _register_checkpoint_loaders(runner: ModuleType) -> None:
    from .checkpoints import mmengine_loaders
    from .pretrained import mmengine_loader

    mmengine_loaders.register()
    mmengine_loader.register()
