"""Models of configs without MMagic: the network and its normalisation are all that restores a video.

Importing MMagic takes far longer than starting a network. What it adds to a model (losses, optimizers, data samples)
serves training and measuring, so a config whose network is of this package is built here.
"""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from torch import nn

from ..models.build import NETWORKS, build_network
from ..pretrained import load_checkpoint

# Preprocessors whose normalisation is mean and standard deviation of RGB, and the keys that do not change it.
PREPROCESSORS = frozenset({'DataPreprocessor', 'PaddedDataPreprocessor'})
NEUTRAL = frozenset({'type', 'mean', 'std', 'input_view', 'output_view', 'pad_mode', 'pad_size_divisor'})
# Keys of configs of networks whose value is a config of another.
PARTS = ('network', 'branch', 'aligner', 'flow', 'interpolator', 'restorer')


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
