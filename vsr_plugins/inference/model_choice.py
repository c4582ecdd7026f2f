"""Which model upscales: that of a config, or one that comes with the package."""

from collections.abc import Mapping
from pathlib import Path

from torch import nn

from ..checkpoints.shipped import FOLDER, best_shipped, shipped_names, shipped_weights
from ..config_files import first_line, read_config
from .clips import load_model

# Needs no weights, and is what is taken where no better model comes with the package.
BICUBIC = 'bicubic'


def model_names(folder: Path = FOLDER) -> list[str]:
    """Names of the models that need no config of the user's, best first, those of no known rank before the last."""
    return [*shipped_names(folder), BICUBIC]


def full_name(name: str | None = None, folder: Path = FOLDER) -> str:
    """The one of ``model_names`` that is meant.

    Args:
        name: It, or a beginning of it that no other has; None for the best that comes with the package.
        folder: Where the weights that come with the package are.

    Raises:
        ValueError: If there is none, or more than one.
    """
    if name is None:
        return best_shipped(folder) or BICUBIC
    names = model_names(folder)
    if name in names:
        return name
    meant = [one for one in names if name and one.startswith(name)]
    if len(meant) > 1:
        raise ValueError(f'more than one model of the package begins with {name!r}: {", ".join(meant)}')
    if not meant:
        raise ValueError(f'there is no model {name!r} in the package, but {", ".join(names)}')
    return meant[0]


def choose_model(
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    model: str | nn.Module | None = None,
    folder: Path = FOLDER,
) -> nn.Module:
    """Build what was asked for, weights and all.

    Args:
        config: Config of the model.
        checkpoint: Its weights.
        model: One of ``model_names`` or the beginning of one, or a model, which is handed back.
        folder: Where the weights that come with the package are.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If there is no such model, or weights are missing.
    """
    if isinstance(model, nn.Module):
        return model
    if config is None:
        if checkpoint is not None:
            raise ValueError(f'the config of {checkpoint} is needed too')
        return _named(full_name(model, folder), folder)
    if model is not None:
        raise ValueError(f'a config and a model of the package ({model}) were named; name one of them')
    settings = read_config(config)
    if settings.get('model') is None:
        raise ValueError(f'{config} is the config of no model: it has no entry called model')
    try:
        built = load_model(settings, checkpoint)
    except (TypeError, KeyError, AttributeError, ImportError, AssertionError) as error:
        raise ValueError(f'{config} does not build a model: {first_line(error)}') from error
    if checkpoint is None and any(True for _ in built.parameters()) and not _brings_weights(settings.model):
        raise ValueError(f'a checkpoint for {config} is needed: without one the weights are random')
    return built


def _named(name: str, folder: Path) -> nn.Module:
    if name == BICUBIC:
        from ..models.networks import BicubicNet

        return BicubicNet(scale=4)
    weights = shipped_weights(name, folder)
    return load_model(weights.with_suffix('.config.py'), weights)


def _brings_weights(config: object) -> bool:
    """Whether a config of a model says where weights of it are."""
    if isinstance(config, Mapping):
        pairs = list(config.items())
        if any(value is not None and (key.endswith('_weights') or key == 'init_cfg') for key, value in pairs):
            return True
        return any(_brings_weights(value) for _, value in pairs)
    return isinstance(config, (list, tuple)) and any(map(_brings_weights, config))
