"""LPIPS, a perceptual distance in the feature space of a network."""

import warnings
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .clip_frames import ChannelOrder
from .psnr import check_pair

if TYPE_CHECKING:
    from torch import nn

# AlexNet trained on ImageNet, as torchvision publishes it.
BACKBONE = 'alexnet-owt-7be5be79.pth'
# Smaller images become empty in AlexNet's second pooling.
MIN_SIZE = 31


def lpips(
    prediction: np.ndarray,
    target: np.ndarray,
    weights: str | Path | None = None,
    channel_order: ChannelOrder = 'rgb',
) -> float:
    """Learned perceptual image patch similarity, LPIPS; a distance without unit, lower is better, 0 for equal images.

    Source: Zhang et al., "The unreasonable effectiveness of deep features as a perceptual metric", CVPR 2018, equation
    1; version 0.1 on AlexNet, which the authors recommend for measuring. The package ``lpips`` computes it and contains
    the learned weights of the layers. The user must provide AlexNet's weights: nothing is downloaded.

    Args:
        prediction: (h, w, 3), values in [0, 255], any dtype.
        target: Same shape.
        weights: File of AlexNet's weights; None searches as ``find_backbone`` does.
        channel_order: Order of the last axis of both.

    Raises:
        FileNotFoundError: If AlexNet's weights do not exist; the message has the file name and the searched places.
        ValueError: If the shapes differ or are not those of colour images of at least 31 x 31 pixels, or the file does
            not contain AlexNet's weights.
    """
    check_pair(prediction, target)
    if prediction.ndim != 3 or prediction.shape[2] != 3 or min(prediction.shape[:2]) < MIN_SIZE:
        raise ValueError(
            f'LPIPS needs images (h, w, 3) of at least {MIN_SIZE} x {MIN_SIZE} pixels, but got {prediction.shape}'
        )
    import torch

    network = _network(find_backbone(weights))
    images = np.stack([prediction, target]).astype(np.float32)
    if channel_order == 'bgr':
        images = images[..., ::-1]
    first, second = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).div(127.5).sub(1)[:, None]
    with torch.inference_mode():
        return float(network(first, second))


def find_backbone(weights: str | Path | None = None, name: str = BACKBONE, measure: str = 'LPIPS') -> Path:
    """Return the file of the weights of a backbone, as torchvision publishes it.

    Args:
        weights: The file; None searches ``name`` in ``VSR_WEIGHTS_ROOT`` (default: ./weights), then in the cache of
            torch.hub.
        name: Name of the file.
        measure: Measure that needs it, for the message.

    Raises:
        FileNotFoundError: If the file does not exist.
    """
    if weights is not None:
        places = [Path(weights).expanduser()]
    else:
        from torch.hub import get_dir

        from ...pretrained.files import weights_root

        places = [weights_root() / name, Path(get_dir()) / 'checkpoints' / name]
    for place in places:
        if place.is_file():
            return place.resolve()
    raise FileNotFoundError(
        f"{measure} needs torchvision's weights {name}, which do not exist at "
        f'{" or ".join(str(place.absolute()) for place in places)}; nothing is downloaded: copy the file there'
    )


@lru_cache(maxsize=1)
def _network(path: Path) -> 'nn.Module':
    import lpips as package

    from ...checkpoints.weight_files import read_weights

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # torchvision warns of arguments that the package uses
        network = package.LPIPS(net='alex', pnet_rand=True, verbose=False)
    # The package splits AlexNet's ``features`` into slices and keeps the layer numbers.
    own = network.net.state_dict()
    weights = read_weights(path)
    parts = {name: 'features.' + name.split('.', 1)[1] for name in own}
    wrong = [
        source for name, source in parts.items() if source not in weights or weights[source].shape != own[name].shape
    ]
    if wrong:
        raise ValueError(f'{path} does not contain weights of AlexNet: {wrong[0]} is missing or has another shape')
    network.net.load_state_dict({name: weights[source].float() for name, source in parts.items()})
    return network.requires_grad_(False).eval()
