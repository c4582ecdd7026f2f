"""Frames of any size for networks that take some sizes only."""

from mmagic.models import DataPreprocessor
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor


@MODELS.register_module()
class PaddedDataPreprocessor(DataPreprocessor):
    """Upstream's ``DataPreprocessor``, whose padding is cropped off enlarged outputs too.

    With ``pad_size_divisor`` upstream pads the input and crops the same number of pixels off the output, which is right
    only for a network that does not enlarge. Here what is cropped grows with the output. Upstream's EDVR, which takes
    multiples of four, is measured on any size that way.

    All frames of a batch must have one size.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        """Pad and normalise, as upstream; the size before is kept for ``destruct``."""
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
