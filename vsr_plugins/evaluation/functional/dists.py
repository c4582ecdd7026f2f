"""DISTS, a distance of structure and texture in the feature space of a network."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np

from .clip_frames import ChannelOrder
from .lpips import find_backbone
from .psnr import check_pair

if TYPE_CHECKING:
    from torch import nn

# VGG16 trained on ImageNet, as torchvision publishes it.
BACKBONE = 'vgg16-397923af.pth'
# Smaller images become empty in the fifth stage.
MIN_SIZE = 16


def dists(
    prediction: np.ndarray,
    target: np.ndarray,
    weights: str | Path | None = None,
    channel_order: ChannelOrder = 'rgb',
) -> float:
    """Deep image structure and texture similarity, DISTS; a distance without unit, lower is better, 0 for equal images.

    Source: Ding et al., "Image quality assessment: unifying structure and texture similarity", TPAMI 2020, equations 6
    to 8. The package ``torchmetrics`` computes it and contains the learned weights of the channels. Images are measured
    at their own size; the authors' data sets were resized to 256 pixels at the shorter side. The user must provide
    VGG16's weights: nothing is downloaded.

    Args:
        prediction: (h, w, 3), values in [0, 255], any dtype.
        target: Same shape.
        weights: File of VGG16's weights; None searches as ``find_backbone`` does.
        channel_order: Order of the last axis of both.

    Raises:
        FileNotFoundError: If VGG16's weights do not exist; the message has the file name and the searched places.
        ValueError: If ``torchmetrics`` is not installed, the shapes differ or are not those of colour images of at
            least 16 x 16 pixels, or the file does not contain VGG16's weights.
    """
    check_pair(prediction, target)
    if prediction.ndim != 3 or prediction.shape[2] != 3 or min(prediction.shape[:2]) < MIN_SIZE:
        raise ValueError(
            f'DISTS needs images (h, w, 3) of at least {MIN_SIZE} x {MIN_SIZE} pixels, but got {prediction.shape}'
        )
    import torch

    network = _network(find_backbone(weights, BACKBONE, 'DISTS'))
    images = np.stack([prediction, target]).astype(np.float32)
    if channel_order == 'bgr':
        images = images[..., ::-1]
    first, second = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).div(255)[:, None]
    with torch.inference_mode():
        return float(network(first, second))


@lru_cache(maxsize=1)
def _network(path: Path) -> 'nn.Module':
    try:
        from torchmetrics.functional.image import dists as package
    except ImportError as error:
        raise ValueError("DISTS needs the package torchmetrics: run pip install 'vsr_plugins[metrics]'") from error
    from torchvision.models import vgg16

    from ...checkpoints.weight_files import read_weights

    backbone = vgg16(weights=None)
    weights = read_weights(path)
    features = {name: value for name, value in weights.items() if name.startswith('features.')}
    own = {name: value.shape for name, value in backbone.state_dict().items() if name.startswith('features.')}
    if {name: value.shape for name, value in features.items()} != own:
        raise ValueError(f'{path} does not contain the weights of VGG16')
    backbone.load_state_dict({name: value.float() for name, value in features.items()}, strict=False)
    # The package would download the backbone.
    with patch.object(package, 'vgg16', lambda weights: backbone):
        network = package.DISTSNetwork()
    return network.requires_grad_(False).eval()
