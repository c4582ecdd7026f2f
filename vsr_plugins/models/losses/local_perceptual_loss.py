"""Upstream's perceptual loss without a download."""

from pathlib import Path
from typing import Any

import torch
from mmagic.models.losses import PerceptualLoss
from mmagic.registry import MODELS
from torch import Tensor, nn
from torchvision.models import get_model_weights


@MODELS.register_module()
class LocalPerceptualLoss(PerceptualLoss):
    """Upstream's ``PerceptualLoss`` with VGG from a local file.

    Upstream downloads VGG's weights if torchvision's cache lacks them. This class is then built without VGG, since
    measuring and using a network needs no losses; training raises at the first loss.

    Args:
        layer_weights: As upstream.
        vgg_type: Name of the network in torchvision.
        **kwargs: As upstream.
    """

    def __init__(self, layer_weights: dict[str, float], vgg_type: str = 'vgg19', **kwargs: Any) -> None:
        self.file = cached_weights(vgg_type)
        if self.file.is_file():
            super().__init__(layer_weights, vgg_type=vgg_type, **kwargs)
        else:
            nn.Module.__init__(self)

    def forward(self, x: Tensor, gt: Tensor) -> tuple[Tensor | None, Tensor | None]:
        """Return the perceptual and the style loss of (n, c, h, w).

        Raises:
            FileNotFoundError: If VGG's weights did not exist locally when the model was built.
        """
        if not hasattr(self, 'vgg'):
            raise FileNotFoundError(
                f'the perceptual loss needs {self.file.name}: copy it into {self.file.parent} (TORCH_HOME moves that '
                'folder), or train without this loss: --cfg-options model.perceptual_loss=None'
            )
        return super().forward(x, gt)


def cached_weights(name: str) -> Path:
    """Path in torchvision's cache of the ImageNet weights selected by ``pretrained=True``."""
    return Path(torch.hub.get_dir(), 'checkpoints', Path(get_model_weights(name).IMAGENET1K_V1.url).name)
