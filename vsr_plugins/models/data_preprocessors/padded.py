"""Pad frames of any size for networks that require certain sizes."""

from mmagic.models import DataPreprocessor
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor


@MODELS.register_module()
class PaddedDataPreprocessor(DataPreprocessor):
    """Upstream's ``DataPreprocessor``, whose padding is also cropped off upsampled outputs.

    With ``pad_size_divisor`` upstream pads the input and crops the same number of pixels off the output, which is right
    only for a network that does not upsample. Here the crop is scaled with the output. This measures upstream's EDVR,
    which takes multiples of four, on any size.

    All frames of a batch must have one size.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Pad and normalise as upstream, and store the original size for ``destruct``."""
        before = tuple(data['inputs'][0].shape[-2:])
        data = super().forward(data, training)
        self._sizes = before, tuple(data['inputs'].shape[-2:])
        return data

    def _destruct_padding(
        self, batch_tensor: Tensor, data_samples: DataSample | None = None, same_padding: bool = True
    ) -> Tensor:
        (h, w), (padded_h, _) = self._sizes
        scale = batch_tensor.shape[-2] // padded_h
        return batch_tensor[..., : h * scale, : w * scale]
