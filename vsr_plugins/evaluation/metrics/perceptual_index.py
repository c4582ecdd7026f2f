"""NIQE, Ma and the perceptual index of video frames."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence, Sized
from pathlib import Path
from statistics import fmean
from typing import cast

import numpy as np
import torch
from mmagic.evaluation.metrics.niqe import niqe
from mmagic.registry import METRICS
from mmengine.evaluator import BaseMetric
from torch import nn
from torch.utils.data import DataLoader

from ...datasets.shared_samples import share_samples
from ..functional.niqe import require_blocks


@METRICS.register_module()
class PerceptualIndex(BaseMetric):
    """PI = ((10 - Ma) + NIQE) / 2, lower is better, and NIQE itself.

    Source: "The 2018 PIRM Challenge on Perceptual Image Super-resolution", section 3. Both are measured on Y of frames
    rounded to 8 bit, without ``crop_border`` pixels at each side. NIQE is upstream's, with the model of pristine images
    included in MMagic. Results are the mean over clips of their means.

    Ma ("Learning a no-reference quality metric for single-image super-resolution", CVIU 2017) needs a model that may
    not be redistributed. Without it only NIQE is reported.

    Args:
        ma: None, or a local file: the authors' model (``.mat`` or as pyiqa has it), which the optional package
            ``pyiqa`` evaluates; or ``.json`` with precomputed scores, key of a sample -> one score per frame.
        crop_border: Pixels cropped at each side.
        prefix: Prefix of the names of the results.
        collect_device: See mmengine's ``BaseMetric``.

    Raises:
        FileNotFoundError: If ``ma`` does not exist.
        ValueError: If ``ma`` is a model and ``pyiqa`` is not installed.
    """

    # Attributes that mmagic's Evaluator requires.
    SAMPLER_MODE = 'normal'
    sample_model = 'orig'

    def __init__(
        self,
        ma: str | None = None,
        crop_border: int = 4,
        prefix: str | None = None,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.crop_border = crop_border
        self.ma = None if ma is None else _ma_scorer(Path(ma).expanduser(), crop_border)

    def prepare(self, module: nn.Module, dataloader: DataLoader) -> None:
        """Called by mmagic's Evaluator before the first batch."""
        self.size = len(cast('Sized', dataloader.dataset))

    def get_metric_sampler(self, model: nn.Module, dataloader: DataLoader, metrics: Sequence) -> DataLoader:
        """Return the batches for some metrics; see ``VSRMetric``."""
        share_samples(dataloader, any(getattr(metric, 'needs_neighbours', False) for metric in metrics))
        return dataloader

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Measure the frames of a batch.

        Raises:
            ValueError: If a frame has no room for two of NIQE's blocks, or Ma has no score for a sample.
        """
        for sample in data_samples:
            key, prediction = sample['key'], sample['output']['pred_img']
            part = sample.get('part')
            if part is not None:
                prediction = prediction[part[1] : part[2]]
            # (t, h, w, 3), BGR in [0, 255].
            frames = prediction.reshape(-1, *prediction.shape[-3:]).permute(0, 2, 3, 1)
            frames = frames.clamp(0, 255).round().cpu().numpy().astype(np.uint8)
            try:
                require_blocks(*(side - 2 * self.crop_border for side in frames.shape[1:3]))
            except ValueError as error:
                raise ValueError(f'{key}: {error} without the border of {self.crop_border}') from None
            scores = {'NIQE': [float(niqe(frame, self.crop_border, 'HWC', 'y')) for frame in frames]}
            if self.ma is not None:
                scores['Ma'] = self.ma(key, frames)
            clip, _, _ = key.replace('\\', '/').rpartition('/')
            self.results.append((clip if prediction.ndim == 3 and clip else key, scores))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Return the mean over the clips of ``NIQE`` and, if Ma is measured, of ``Ma`` and ``PI``."""
        clips: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
        for clip, scores in results:
            for name, values in scores.items():
                clips[clip][name] += values
        names = ('NIQE',) if self.ma is None else ('NIQE', 'Ma')
        means = {name: fmean(fmean(of[name]) for of in clips.values()) for name in names}
        if self.ma is not None:
            means['PI'] = perceptual_index(means['NIQE'], means['Ma'])
        return means

    def evaluate(self, size: int | None = None) -> dict:
        """Gather the results of all processes and compute the metrics; see ``VSRMetric.evaluate``."""
        return super().evaluate(self.size if size is None else size)


def perceptual_index(niqe: float, ma: float) -> float:
    """Perceptual index of an image, or of a data set from the means of both."""
    return ((10 - ma) + niqe) / 2


def _ma_scorer(path: Path, crop_border: int) -> Callable[[str, np.ndarray], list[float]]:
    if not path.is_file():
        raise FileNotFoundError(f'no model and no scores of Ma at {path.absolute()}')
    if path.suffix == '.json':
        table = json.loads(path.read_text(encoding='utf-8'))
        return lambda key, frames: _scores_of(table, key, len(frames), path)
    try:
        import pyiqa  # pyright: ignore[reportMissingImports]  optional
    except ImportError as error:
        raise ValueError('Ma needs the package pyiqa: run pip install pyiqa, or pass scores as .json') from error
    model = pyiqa.create_metric('nrqm', crop_border=crop_border, pretrained_model_path=str(path)).eval()

    def score(key: str, frames: np.ndarray) -> list[float]:
        # pyiqa takes RGB in [0, 1].
        batch = torch.from_numpy(frames[..., ::-1].copy()).permute(0, 3, 1, 2).float() / 255
        return [float(model(frame[None])) for frame in batch]

    return score


def _scores_of(table: Mapping[str, Sequence[float]], key: str, count: int, path: Path) -> list[float]:
    if len(table.get(key, ())) != count:
        raise ValueError(f'{path} must have {count} scores for {key}, but has {len(table.get(key, ()))}')
    return [float(score) for score in table[key]]
