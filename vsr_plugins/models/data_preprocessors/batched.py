"""Preprocess complete batches: normalise at once, and optionally degrade on the device."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from mmagic.models import DataPreprocessor
from mmagic.registry import MODELS
from mmagic.structures import DataSample
from torch import Tensor

from ...degradation import degradation_matrix, filter_margin


@MODELS.register_module()
class BatchDataPreprocessor(DataPreprocessor):
    """Upstream's ``DataPreprocessor`` that also takes complete batches, as ``PatchBankDataset`` returns them.

    A complete batch is ``inputs``, (n, [t,] c, h, w) uint8 RGB, and ``data_samples``, a dict with ``gt_img``. It is
    moved to the device and normalised at once, without metadata of each sample. All other input, such as that of
    validation, is passed to upstream.

    With ``degrade`` the low resolution of complete batches is computed on the device: ``inputs`` is ground truth with a
    margin, which is cropped afterwards. It is computed in float32 and rounded to 8 bits, and may differ by 1 of 255
    from the float64 result of ``DegradeFrames`` where a value lies in the middle between two.

    Args:
        degrade: ``dict(kind='BI', scale=4)``, or kind 'BD' with ``bd`` 'duf' or 'mmagic'. ``margin`` is the
            ``degrade_margin`` of the data set, default that of ``filter_margin``. None: ``inputs`` is low resolution.
        **kwargs: As upstream's.

    Raises:
        ValueError: If ``degrade`` is invalid, or, when called, a complete batch does not fit it.
    """

    def __init__(self, degrade: dict | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if degrade is not None:
            unknown = set(degrade) - {'kind', 'scale', 'bd', 'margin'}
            if unknown:
                raise ValueError(
                    f'degrade takes the keys kind, scale, bd and margin, but got {", ".join(sorted(unknown))}'
                )
            degrade = dict(kind='BI', scale=4, bd='duf') | dict(degrade)
            needed = filter_margin(degrade['kind'], degrade['scale'], degrade['bd'])
            margin = degrade.setdefault('margin', needed)
            if margin % degrade['scale'] or margin < needed:
                raise ValueError(
                    f'margin must be a multiple of scale {degrade["scale"]} and at least {needed}, but got {margin}'
                )
        self.degrade = degrade

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise a batch, complete or as a list of samples.

        Raises:
            ValueError: If a complete batch has low resolution although ``degrade`` is set, or none although it is not.
        """
        if not (isinstance(data['inputs'], Tensor) and isinstance(data.get('data_samples'), dict)):
            return super().forward(data, training)
        inputs = data['inputs'].to(self.device, non_blocking=True)
        gt = {name: value.to(self.device, non_blocking=True) for name, value in data['data_samples'].items()}
        if self.degrade is not None:
            if gt:
                raise ValueError('the batch contains low resolution already: set degrade=None')
            inputs, gt['gt_img'] = self._degraded(inputs)
        elif 'gt_img' not in gt:
            raise ValueError('the batch contains only ground truth: set degrade, such as dict(kind="BI", scale=4)')
        sample = DataSample()
        for name, value in gt.items():
            setattr(sample, name, self._normalised(value))
        return dict(inputs=self._normalised(inputs), data_samples=sample)

    def _normalised(self, images: Tensor) -> Tensor:
        images = images.float()
        if not self._enable_normalize:
            return images
        view = (-1, 1, 1)
        return (images - self.mean.view(view)).div_(self.std.view(view))

    def _degraded(self, gt: Tensor) -> tuple[Tensor, Tensor]:
        """Degrade frames (..., h, w) uint8; return low resolution and frames, both without the margin."""
        kind, scale, bd, margin = (self.degrade[name] for name in ('kind', 'scale', 'bd', 'margin'))
        h, w = gt.shape[-2:]
        if h % scale or w % scale or min(h, w) <= 2 * margin:
            raise ValueError(
                f'ground truth must have sizes that are multiples of {scale} and larger than two margins of {margin}, '
                f'but got {h}x{w}'
            )
        rows, columns = (_matrix(size, kind, scale, bd, str(gt.device)) for size in (h, w))
        # TF32 and autocast would be off by more than one of 255.
        with torch.autocast(gt.device.type, enabled=False), _exact_products():
            low = (rows @ gt.float()) @ columns.T
        low = (low + 0.5).floor_().clamp_(0, 255)
        keep, keep_low = (slice(m, -m or None) for m in (margin, margin // scale))
        return low[..., keep_low, keep_low], gt[..., keep, keep]


@contextmanager
def _exact_products() -> Iterator[None]:
    """Compute products of float32 matrices in full float32, even if the user has enabled TF32."""
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision('highest')
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(precision)


@lru_cache(maxsize=16)
def _matrix(size: int, kind: str, scale: int, bd: str, device: str) -> Tensor:
    matrix = degradation_matrix(size, kind, scale, bd).toarray()
    return torch.from_numpy(np.ascontiguousarray(matrix, np.float32)).to(device)
