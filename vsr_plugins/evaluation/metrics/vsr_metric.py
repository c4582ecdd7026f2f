"""Metric for MMagic's evaluators: PSNR, SSIM and other measures of video frames under a protocol."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence, Sized
from itertools import pairwise
from typing import cast

import numpy as np
from mmagic.registry import METRICS
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmengine.logging import MessageHub, print_log
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ...datasets.shared_samples import share_samples
from ...media.images.image_files import natural_key
from ..measures import DEFAULT, find_measures, of_clips, of_pairs
from ..protocols import Protocol, get_protocol
from ..scores import MAX_CLIPS, Scores, score_frame, score_pair, summarise
from ..tables.departures import departures_by_name
from ..tables.method_table import MethodRow, MethodTable, to_text
from ..tables.published import identify, published
from ..tables.score_table import ScoreTable


@METRICS.register_module()
class VSRMetric(BaseMetric):
    """PSNR, SSIM and other measures under a protocol, with one table a run: a row for each clip, and the mean.

    A sample is a complete clip, (t, c, h, w) with the clip's name as ``key``, a part of it, see
    ``ClipFramesDataset.bound``, or one frame, (c, h, w) with ``'clip/frame'`` as ``key``; the results are the same for
    all, since frames are sorted into clips before averaging. The input frames of a space-time network are read from its
    predictions (``input_frames``), else from the protocol.

    Args:
        protocol: Name of a protocol, or ``dict(name=..., FIELD=...)``; see ``vsr_plugins.evaluation.protocols``.
        metrics: Which of ``'PSNR'``, ``'SSIM'``, ``'LPIPS'``, ``'DISTS'``, ``'NIQE'``, ``'tOF'`` and ``'Ewarp'``; see
            ``vsr_plugins.evaluation.measures``. The last two are measured between neighbouring frames: samples that are
            single frames must come in the order of the clip, in one process, as ``ClipFramesDataset`` deals them out.
        selected: Each sample is one frame that the data set selected, and a separate clip (Vimeo-90K with the centre
            frame as only ground truth).
        skip_blank: Skip samples with a ground-truth frame of one colour, usually black: a network may restore it
            exactly, and its 100 dB would count in the mean. The number of skipped samples is logged. It depends on the
            data only, so methods are measured on the same samples.
        prefix: Prefix of the names of the results, and the table's title.
        collect_device: See mmengine's ``BaseMetric``.

    Raises:
        ValueError: If a protocol or metric does not exist, or a metric needs neighbouring frames but single frames
            are measured.
    """

    # Attributes that mmagic's Evaluator requires.
    SAMPLER_MODE = 'normal'
    sample_model = 'orig'

    def __init__(
        self,
        protocol: str | Mapping | Protocol,
        metrics: Sequence[str] = DEFAULT,
        selected: bool = False,
        skip_blank: bool = False,
        prefix: str | None = None,
        collect_device: str = 'cpu',
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.protocol = get_protocol(protocol)
        self.metrics = find_measures(metrics)
        if not self.metrics:
            raise ValueError('metrics must name at least one measure, but got none')
        if clips := of_clips(self.metrics):
            raise ValueError(f'{", ".join(clips)} is measured on complete clips: save the frames and use vsr score')
        pairs = of_pairs(self.metrics)
        if pairs and (selected or self.protocol.centre_only):
            why = 'selected=True' if selected else f'protocol {self.protocol.name}'
            raise ValueError(f'{", ".join(pairs)} need neighbouring frames, but {why} measures single frames')
        self.needs_neighbours = bool(pairs)
        # The previous single-frame sample: clip, name, prediction, ground truth.
        self._previous: tuple[str, str, np.ndarray, np.ndarray] | None = None
        self.selected = selected
        self.skip_blank = skip_blank
        self.parameters: int | None = None

    def prepare(self, module: nn.Module, dataloader: DataLoader) -> None:
        """Called by mmagic's Evaluator before the first batch."""
        self.size = len(cast('Sized', dataloader.dataset))
        network = getattr(module, 'generator', module)
        if isinstance(network, nn.Module):
            self.parameters = sum(parameter.numel() for parameter in network.parameters())

    def get_metric_sampler(self, model: nn.Module, dataloader: DataLoader, metrics: Sequence) -> DataLoader:
        """Return the batches for some metrics, each sample in one process; called by mmagic's Evaluator."""
        share_samples(dataloader, any(getattr(metric, 'needs_neighbours', False) for metric in metrics))
        return dataloader

    def process(self, data_batch: object, data_samples: Sequence[dict]) -> None:
        """Measure the frames of a batch.

        Raises:
            ValueError: If a prediction and its ground truth do not match; the message names the sample.
        """
        for sample in data_samples:
            key = sample['key']
            prediction, target = _frames(sample['output']['pred_img']), _frames(sample['gt_img'])
            part = sample.get('part')
            if prediction.shape != target.shape:
                raise ValueError(
                    f'{key}: the network returned {prediction.shape} (frames, height, width, channels), '
                    f'but the ground truth is {target.shape}; is the scale of model.generator that of the data?'
                )
            if part is not None:
                prediction, target = prediction[part[1] : part[2]], target[part[1] : part[2]]
            if self.skip_blank and (target == target[:, :1, :1]).all(axis=(1, 2, 3)).any():
                self.results.append((key, '', None, None, ''))
                self._previous = None
                continue
            scores = [
                score_frame(*pair, self.protocol, self.metrics, channel_order='bgr')
                for pair in zip(prediction, target, strict=True)
            ]
            clip, _, frame = key.replace('\\', '/').rpartition('/')
            is_clip = sample['gt_img'].ndim == 4 or self.selected or not clip
            if part is not None:
                # A part of a clip is like a frame: it has a name by which it is sorted.
                clip, frame, is_clip = key, f'{part[0]:08d}', False
            before = ''
            if self.needs_neighbours:
                if not is_clip:
                    before, prediction, target = self._with_previous_frame(clip, frame, prediction, target)
                for place in range(len(target) - 1):
                    pair = slice(place, place + 2)
                    scores[place + 1 - len(target)] |= score_pair(
                        list(prediction[pair]), list(target[pair]), self.protocol, self.metrics, channel_order='bgr'
                    )
            # One result per sample: mmengine counts them when it gathers from several processes.
            given = sample['output'].get('input_frames')
            self.results.append((key, '', scores, given, '') if is_clip else (clip, frame, scores, None, before))

    def _with_previous_frame(
        self, clip: str, frame: str, prediction: np.ndarray, target: np.ndarray
    ) -> tuple[str, np.ndarray, np.ndarray]:
        """Return the name of the previous frame, '' if none, and both clips with it prepended."""
        before, self._previous = self._previous, (clip, frame, prediction[-1:], target[-1:])
        if before is None or before[0] != clip:
            return '', prediction, target
        return before[1], np.concatenate([before[2], prediction]), np.concatenate([before[3], target])

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Sort frames into clips, average by the protocol, log the table.

        Returns:
            ``PSNR`` and ``SSIM``, and ``PSNR/clip`` for up to ``MAX_CLIPS`` clips; the same for other metrics.
        """
        summary = self.summary(results)
        title = self.prefix or 'scores'
        print_log('\n' + ScoreTable(title, {'': summary}).to_text(MAX_CLIPS), logger='current')
        table = MethodTable(title, self.protocol, [self._row(summary)])
        print_log('\n' + to_text([table], clips=False), logger='current')
        values = dict(summary.mean)
        for group, of in summary.groups.items():
            values |= {f'{metric}/{group.replace(" ", "_")}': value for metric, value in of.items()}
        if not self.selected and len(summary.clips) <= MAX_CLIPS:
            values |= {f'{metric}/{clip}': value for clip, of in summary.clips.items() for metric, value in of.items()}
        return values

    def summary(self, results: Sequence) -> Scores:
        """Sort the results into clips and average them by the protocol.

        Args:
            results: The ``results`` of this metric, of all processes.

        Raises:
            ValueError: If there is no clip, a clip is too short for the protocol, or neighbouring frames are needed and
                did not come consecutively.
        """
        measured = [result for result in results if result[2] is not None]
        if len(measured) < len(results):
            skipped = len(results) - len(measured)
            print_log(
                f'{skipped} of {len(results)} samples skipped: a ground-truth frame has one colour only',
                logger='current',
            )
        clips: dict[str, dict[str, list]] = defaultdict(dict)
        previous_of: dict[tuple[str, str], str] = {}
        for clip, frame, scores, _, before in measured:
            clips[clip][frame] = scores
            previous_of[clip, frame] = before
        given = {clip: frames for clip, _, _, frames, _ in measured if frames is not None}
        frames = {}
        for clip in sorted(clips, key=natural_key):
            names = sorted(clips[clip], key=natural_key)
            wrong = [
                pair for pair in pairwise(names) if self.needs_neighbours and previous_of[clip, pair[1]] != pair[0]
            ]
            if wrong:
                raise ValueError(
                    f'{", ".join(of_pairs(self.metrics))} need the frames of a clip in order and in one process, '
                    f'but frame {wrong[0][1]} of {clip} did not come after {wrong[0][0]}'
                )
            frames[clip] = [score for name in names for score in clips[clip][name]]
        return summarise(frames, self.protocol, self.selected, given)

    def _row(self, summary: Scores) -> MethodRow:
        """Return the run as a row of the table of ``vsr table``, without the columns measured only there."""
        hub = MessageHub.get_current_instance()
        name = hub.get_info('experiment_name', 'this run')
        # mmengine appends the time of the run to the name of the config.
        name = re.sub(r'_\d{8}_\d{6}$', '', name)
        text = hub.get_info('cfg', None)
        model = Config.fromstring(text, '.py').get('model') if text else None
        method = identify(model.get('generator') if isinstance(model, Mapping) else None, [name])
        return MethodRow(
            name=name,
            method=method,
            parameters=self.parameters,
            scores=summary,
            published=published(method, self.prefix) if method else (),
            # Of the network alone: a metric does not know where its weights come from.
            departures=departures_by_name(name, method, training=False),
        )

    def evaluate(self, size: int | None = None) -> dict:
        """Gather the results of all processes and compute the metrics.

        Args:
            size: Samples in the data set. mmengine's Evaluator passes it, mmagic's relies on ``prepare``.
        """
        self._previous = None
        return super().evaluate(self.size if size is None else size)


def _frames(image: Tensor) -> np.ndarray:
    """(c, h, w) or (t, c, h, w), BGR in [0, 255] as mmagic's preprocessor returns -> (t, h, w, c)."""
    frames = image if image.ndim == 4 else image[None]
    return frames.permute(0, 2, 3, 1).cpu().numpy()
