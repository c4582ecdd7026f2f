"""Build models with weights: from a config, with or without MMagic, or pretrained.

Importing MMagic takes far longer than building a network. Its additions to a model (losses, optimizers, data samples)
are needed only for training and evaluation, so ``choose_model`` builds networks of this package without MMagic.
"""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from ..models.blocks.fast.allocator import keep_freed_memory
from ..models.blocks.fast.layout import keep_channels_last
from ..models.build import NETWORKS, build_network
from ..pretrained import load_checkpoint, load_pretrained
from .onnx_network import OnnxNetwork, is_onnx

if TYPE_CHECKING:
    from mmengine.config import Config

# Preprocessors that normalise by mean and standard deviation of RGB, and the keys that keep it so.
PREPROCESSORS = frozenset({'DataPreprocessor', 'PaddedDataPreprocessor'})
SUPPORTED_KEYS = frozenset({'type', 'mean', 'std', 'input_view', 'output_view', 'pad_mode', 'pad_size_divisor'})
# Keys of a network's config that hold the config of another network.
PARTS = ('network', 'branch', 'aligner', 'flow', 'interpolator', 'restorer')


def choose_model(
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    model: str | nn.Module | None = None,
) -> nn.Module:
    """Build the requested model and load its weights.

    Args:
        config: Config of the model.
        checkpoint: Its weights: a file, or ``pretrained:NAME``.
        model: Name of a model in ``vsr_plugins.pretrained``, an ONNX file, or a model, which is returned as it
            is. Without config and model, the best pretrained model on this machine.

    Raises:
        FileNotFoundError: If the config or the weights do not exist.
        ValueError: If the model is unknown, cannot be built, or has no weights.
    """
    if isinstance(model, nn.Module):
        return model
    if config is None:
        if checkpoint is not None:
            raise ValueError(f'the checkpoint {checkpoint} needs a config; give the config of its model too')
        if is_onnx(model):
            return OnnxNetwork(model)
        return load_pretrained(model)
    if model is not None:
        raise ValueError(f'got both a config ({config}) and a pretrained model ({model}); give only one of them')
    from ..engine.config_files import first_line, read_config

    settings = read_config(config)
    if settings.get('model') is None:
        raise ValueError(f'{config} is not the config of a model: it has no entry called model')
    try:
        built = build_light_model(settings.model, checkpoint)
        if built is None:
            built = load_model(settings, checkpoint)
    except (TypeError, KeyError, AttributeError, ImportError, AssertionError) as error:
        raise ValueError(f'cannot build the model of {config}: {first_line(error)}') from error
    if checkpoint is None and (missing := getattr(getattr(built, 'generator', None), 'missing_files', None)):
        raise FileNotFoundError(f'{config} names weights that do not exist: {", ".join(map(str, missing))}')
    if checkpoint is None and any(True for _ in built.parameters()) and not _brings_weights(settings.model):
        raise ValueError(f'{config} needs a checkpoint: without one its weights are random')
    return built


def load_model(config: 'str | Path | Config', checkpoint: str | Path | None = None, device: str = 'cpu') -> nn.Module:
    """Build the model of a config and load its weights, in the layout that is fastest on the device.

    Args:
        config: A config file, or a config that mmengine has loaded.
        checkpoint: A local checkpoint of this model, or ``pretrained:NAME``; None leaves the weights as initialised.
        device: Device to put the model on.

    Raises:
        FileNotFoundError: If the config or the checkpoint does not exist.
        ValueError: If the checkpoint belongs to another model.
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
    if torch.device(device).type == 'cpu':
        keep_channels_last(model)
    return model.to(device).eval()


class LightModel(nn.Module):
    """An MMagic editor reduced to the parts used for inference: ``generator`` and ``data_preprocessor``.

    Args:
        generator: The network.
        mean: Mean of each channel, for values in [0, 255].
        std: Standard deviation of each channel, for values in [0, 255].
    """

    def __init__(self, generator: nn.Module, mean: list[float], std: list[float]) -> None:
        super().__init__()
        self.generator = generator
        self.data_preprocessor = SimpleNamespace(mean=mean, std=std, _enable_normalize=True)


def build_light_model(config: Mapping[str, Any], checkpoint: str | Path | None) -> LightModel | None:
    """Build the model of a config without MMagic.

    Args:
        config: The ``model`` entry of a config.
        checkpoint: Its weights; None leaves them as initialised.

    Returns:
        The model in evaluation mode; None if it needs MMagic.

    Raises:
        FileNotFoundError: If the checkpoint does not exist.
        ValueError: If the checkpoint belongs to another model.
    """
    preprocessor = config.get('data_preprocessor') or {}
    generator = config.get('generator')
    if not isinstance(generator, Mapping) or not _is_own(generator) or config.get('is_use_ema'):
        return None
    if preprocessor.get('type') not in PREPROCESSORS or not {'mean', 'std'} <= set(preprocessor) <= SUPPORTED_KEYS:
        return None
    model = LightModel(build_network(generator), preprocessor['mean'], preprocessor['std'])
    if checkpoint is not None:
        load_checkpoint(model, checkpoint)
    return model.eval()


def _is_own(config: Mapping[str, Any]) -> bool:
    """Whether a network and all of its parts are defined in this package."""
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
    """Whether the config of a model names a file of weights."""
    if isinstance(config, Mapping):
        pairs = list(config.items())
        if any(value is not None and (key.endswith('_weights') or key == 'init_cfg') for key, value in pairs):
            return True
        return any(_brings_weights(value) for _, value in pairs)
    return isinstance(config, (list, tuple)) and any(map(_brings_weights, config))
