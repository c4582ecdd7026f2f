"""Tells MMagic's registries which rooms of this package to import, and when."""

from importlib import import_module

from mmagic import registry

ROOMS = {
    'vsr_plugins.models': (registry.MODELS,),
    'vsr_plugins.datasets': (registry.DATASETS, registry.TRANSFORMS),
    'vsr_plugins.evaluation': (registry.METRICS,),
    'vsr_plugins.engine': (registry.HOOKS, registry.LOOPS, registry.DATA_SAMPLERS, registry.OPTIM_WRAPPERS),
}


def register_rooms() -> None:
    """Add each room to the import locations of its registries, or import it where that moment has passed."""
    for room, registries in ROOMS.items():
        for reg in registries:
            if reg._imported:
                import_module(room)
            elif room not in reg._locations:
                reg._locations.append(room)
