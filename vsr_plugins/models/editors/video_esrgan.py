"""Adversarial training of networks that return several frames."""

from typing import Any

from mmagic.models.editors.esrgan.esrgan import ESRGAN
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor


@MODELS.register_module()
class VideoESRGAN(ESRGAN):
    """Upstream's ESRGAN for any registered video network.

    Paper: "ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks", ECCV workshops 2018: the relativistic
    average discriminator (section 3.2) and the perceptual loss on features before activation (section 3.3; ``'34'`` is
    the last convolution of VGG-19 before it).

    Frames are folded into the batch before the losses: the discriminator judges images, and the averages of its
    relativistic loss run over all frames of all clips. That motion is not judged is our choice; the paper is about
    single images. Centre-frame networks are trained as they are.

    Args:
        generator: Config of the network: (n, t, c, h, w) to (n, t', c, s * h, s * w) or (n, c, s * h, s * w).
        **kwargs: As upstream's ``ESRGAN``.
    """

    def __init__(self, generator: dict, **kwargs: Any) -> None:
        super().__init__(generator=generator, **kwargs)

    def forward_train(self, inputs: Tensor, data_samples: DataSample | None = None, **kwargs: Any) -> Tensor:
        """Return the network's frames, (n * t', c, s * h, s * w)."""
        return _fold(super().forward_train(inputs, data_samples, **kwargs))

    def extract_gt_data(self, data_samples: DataSample) -> Tensor:
        """Return the ground truth of a batch, (n * t', c, s * h, s * w)."""
        return _fold(super().extract_gt_data(data_samples))


def _fold(frames: Tensor) -> Tensor:
    return frames.flatten(0, 1) if frames.ndim == 5 else frames
