"""Models with weights: of a config, by MMagic or without it, or pretrained.

Importing MMagic takes far longer than starting a network. What it adds to a model (losses, optimizers, data samples)
serves training and measuring, so ``choose_model`` builds a config whose network is of this package without it.
"""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from torch import nn

from ..models.blocks.fast.allocator import keep_freed_memory
from ..models.build import NETWORKS, build_network
from ..pretrained import load_checkpoint, load_pretrained

if TYPE_CHECKING:
    from mmengine.config import Config

# Preprocessors whose normalisation is mean and standard deviation of RGB, and the keys that do not change it.
PREPROCESSORS = frozenset({'DataPreprocessor', 'PaddedDataPreprocessor'})
NEUTRAL = frozenset({'type', 'mean', 'std', 'input_view', 'output_view', 'pad_mode', 'pad_size_divisor'})
# Keys of configs of networks whose value is a config of another.
PARTS = ('network', 'branch', 'aligner', 'flow', 'interpolator', 'restorer')


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
    from ..engine.config_files import first_line, read_config

    settings = read_config(config)
    if settings.get('model') is None:
        raise ValueError(f'{config} is the config of no model: it has no entry called model')
    try:
        built = build_light_model(settings.model, checkpoint)
        if built is None:
            built = load_model(settings, checkpoint)
    except (TypeError, KeyError, AttributeError, ImportError, AssertionError) as error:
        raise ValueError(f'{config} does not build a model: {first_line(error)}') from error
    if checkpoint is None and (missing := getattr(getattr(built, 'generator', None), 'missing_files', None)):
        raise FileNotFoundError(f'{config} names weights that are not there: {", ".join(map(str, missing))}')
    if checkpoint is None and any(True for _ in built.parameters()) and not _brings_weights(settings.model):
        raise ValueError(f'a checkpoint for {config} is needed: without one the weights are random')
    return built


def load_model(config: 'str | Path | Config', checkpoint: str | Path | None = None, device: str = 'cpu') -> nn.Module:
    """Build the model of a config and load its weights.

    Args:
        config: A config file, or what mmengine read from one.
        checkpoint: A local checkpoint of this model, or ``pretrained:NAME``; None leaves the weights as initialised.
        device: Where to put the model.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the checkpoint is that of another model.
    """
    from mmagic.registry import MODELS
    from mmagic.utils import register_all_modules

    from ..engine.config_files import read_config

    keep_freed_memory()
    register_all_modules()
    config = read_config(config) if isinstance(config, str | Path) else config
    model = MODELS.build(config.model)
    if checkpoint is not None:
        load_checkpoint(model, checkpoint)
    return model.to(device).eval()


class LightModel(nn.Module):
    """What is left of one of MMagic's editors for restoring: ``generator`` and ``data_preprocessor``.

    Args:
        generator: The network.
        mean: Of each channel, for values in [0, 255].
        std: Likewise.
    """

    def __init__(self, generator: nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.generator = generator
        self.data_preprocessor = SimpleNamespace(mean=mean, std=std, _enable_normalize=True)


def build_light_model(config: Mapping[str, Any], checkpoint: str | Path | None) -> LightModel | None:
    """Build the model of a config without MMagic.

    Args:
        config: The config's ``model``.
        checkpoint: Its weights; None leaves them as initialised.

    Returns:
        The model in evaluation mode; None if MMagic is needed for it.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ValueError: If it is that of another model.
    """
    preprocessor = config.get('data_preprocessor') or {}
    generator = config.get('generator')
    if not isinstance(generator, Mapping) or not _is_own(generator) or config.get('is_use_ema'):
        return None
    if preprocessor.get('type') not in PREPROCESSORS or not {'mean', 'std'} <= set(preprocessor) <= NEUTRAL:
        return None
    model = LightModel(build_network(generator), preprocessor['mean'], preprocessor['std'])
    if checkpoint is not None:
        load_checkpoint(model, checkpoint)
    return model.eval()


def _is_own(config: Mapping[str, Any]) -> bool:
    """Whether a network and all of its parts are of this package."""
    if config.get('type') not in NETWORKS:
        return False
    parts = [config[key] for key in PARTS if config.get(key) is not None]
    return all(
        _is_own(part)
        for value in parts
        for part in (value if isinstance(value, list | tuple) else [value])
        if isinstance(part, Mapping)
    )


def _brings_weights(config: object) -> bool:
    """Whether a config of a model says where weights of it are."""
    if isinstance(config, Mapping):
        pairs = list(config.items())
        if any(value is not None and (key.endswith('_weights') or key == 'init_cfg') for key, value in pairs):
            return True
        return any(_brings_weights(value) for _, value in pairs)
    return isinstance(config, (list, tuple)) and any(map(_brings_weights, config))
