"""Pretrained weights by name: in this package, in installed packages and in ``VSR_WEIGHTS_ROOT``."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'entries': ['PRETRAINED', 'Pretrained', 'WeightsFile'],
        'files': ['PRETRAINED_PREFIX', 'install_hint', 'locate'],
        'loading': ['checkpoint_weights', 'load_checkpoint', 'load_pretrained', 'read_pretrained'],
        'provenance': ['Provenance', 'read_provenance'],
        'names': [
            'available_models',
            'better_model',
            'checkpoint_file',
            'default_model',
            'entry_of',
            'find_pretrained',
            'model_names',
        ],
    },
)
