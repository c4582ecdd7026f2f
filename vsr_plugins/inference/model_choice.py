"""Which model upscales: that of a config, or one with pretrained weights."""

from collections.abc import Mapping
from pathlib import Path

from torch import nn

from ..pretrained import load_pretrained
from .light_model import build_light_model


def choose_model(
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    model: str | nn.Module | None = None,
) -> nn.Module:
    """Build what was asked for, weights and all.

    Args:
        config: Config of the model.
        checkpoint: Its weights: a file, or ``pretrained:NAME``.
        model: A name of ``vsr_plugins.pretrained``, or a model, which is handed back. Without config and model, the
            best on this machine.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If there is no such model, or weights are missing.
    """
    if isinstance(model, nn.Module):
        return model
    if config is None:
        if checkpoint is not None:
            raise ValueError(f'the config of {checkpoint} is needed too')
        return load_pretrained(model)
    if model is not None:
        raise ValueError(f'a config and a pretrained model ({model}) were named; name one of them')
    from ..config_files import first_line, read_config

    settings = read_config(config)
    if settings.get('model') is None:
        raise ValueError(f'{config} is the config of no model: it has no entry called model')
    try:
        built = build_light_model(settings.model, checkpoint)
        if built is None:
            from .clips import load_model

            built = load_model(settings, checkpoint)
    except (TypeError, KeyError, AttributeError, ImportError, AssertionError) as error:
        raise ValueError(f'{config} does not build a model: {first_line(error)}') from error
    if checkpoint is None and (missing := getattr(getattr(built, 'generator', None), 'missing_files', None)):
        raise FileNotFoundError(f'{config} names weights that are not there: {", ".join(map(str, missing))}')
    if checkpoint is None and any(True for _ in built.parameters()) and not _brings_weights(settings.model):
        raise ValueError(f'a checkpoint for {config} is needed: without one the weights are random')
    return built


def _brings_weights(config: object) -> bool:
    """Whether a config of a model says where weights of it are."""
    if isinstance(config, Mapping):
        pairs = list(config.items())
        if any(value is not None and (key.endswith('_weights') or key == 'init_cfg') for key, value in pairs):
            return True
        return any(_brings_weights(value) for _, value in pairs)
    return isinstance(config, (list, tuple)) and any(map(_brings_weights, config))
