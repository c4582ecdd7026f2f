"""Test sets of a config, and the protocol of each."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..datasets.prepare.manifest import NAME as MANIFEST
from ..datasets.prepare.manifest import Manifest
from ..engine.config_files import read_config
from ..pretrained.entry import Pretrained
from . import VSRMetric
from .measures import of_pairs
from .protocols import Protocol, get_protocol

# Dataset options that locate the data and do not affect the input of the network.
PLACE = (
    'data_root',
    'data_prefix',
    'ann_file',
    'prepare',
    'clips',
    'depth',
    'load_frames_list',
    'key_frames_file',
    'fixed_seq_len',
)


@dataclass(frozen=True)
class TestSet:
    """A test set of a config, under one protocol.

    Attributes:
        data: Name of the test set.
        degradation: How its input is made, such as ``'BIx4'``; '' if the config does not define it.
        dataloader: Config of its dataloader.
        metric: Config of its ``VSRMetric``.
        more: Measures in addition to those of ``metric``, names of ``MEASURES``.
        remark: Why the network cannot be measured on it; '' if it can.
    """

    data: str
    degradation: str
    dataloader: dict
    metric: dict
    more: tuple[str, ...] = ()
    remark: str = ''

    @property
    def protocol(self) -> Protocol:
        """Protocol of the metric."""
        return get_protocol(self.metric['protocol'])

    @property
    def key(self) -> tuple[str, str, Protocol]:
        """Key that rows of one table share."""
        return self.data, self.degradation, self.protocol


def named_sets(names: Sequence[str]) -> list[dict]:
    """Return test sets of the package by name, see ``configs/_base_/test_sets.py``.

    Returns:
        ``dataset`` and ``evaluator`` of each part of each set, as in configs.

    Raises:
        ValueError: If a test set does not exist.
    """
    known = read_config('_base_/test_sets.py').test_sets
    if unknown := [name for name in names if name not in known]:
        raise ValueError(f'unknown test set {", ".join(map(repr, unknown))}; choose from {", ".join(known)}')
    return [part for name in dict.fromkeys(names) for part in known[name]]


def find_test_sets(
    config: Config,
    protocols: Sequence[str | Protocol] = (),
    protocols_of: Mapping[str, Sequence[str]] | None = None,
    data: Sequence[Mapping] = (),
    more: Sequence[str] = (),
) -> list[TestSet]:
    """Return the test sets of a config, each under each of its protocols.

    Args:
        config: The config.
        protocols: Additional protocols, or their names, for the sets whose frames they fit.
        protocols_of: Additional protocols for some sets, by the name of the data.
        data: Measure on these sets, of ``named_sets``, instead of the config's own. The config's own set defines the
            input of the network: complete clips, windows or single frames, and which of the frames.
        more: Additional measures. They are not repeated under ``protocols_of``, and those that need neighbouring frames
            are omitted where only the centre frame is measured.

    Raises:
        ValueError: If the config has no test set, none that ``VSRMetric`` measures, or with ``data`` one that is not a
            ``ClipFramesDataset``.
    """
    name = Path(config.filename).name if config.filename else 'the config'
    if not config.get('test_dataloader') or not config.get('test_evaluator'):
        raise ValueError(f'{name} has no test set: set test_dataloader and test_evaluator')
    if isinstance(config.test_dataloader, list | tuple):
        evaluators = _listed(config.test_evaluator)
        if len(config.test_dataloader) != len(evaluators):
            raise ValueError(f'{name} has {len(config.test_dataloader)} test sets, but {len(evaluators)} evaluators')
        pairs = list(zip(config.test_dataloader, evaluators, strict=True))
    else:
        pairs = [(config.test_dataloader, config.test_evaluator)]
    needed = ''
    if data:
        own = next(((loader, evaluator) for loader, evaluator in pairs if _vsr_metrics(evaluator)), None)
        needed, pairs = ('', []) if own is None else _with_other_data(*own, data, name)
    sets = []
    for loader, evaluator in pairs:
        for metric in _vsr_metrics(evaluator):
            own_protocol = get_protocol(metric['protocol'])
            prefix = metric.get('prefix') or (Path(config.filename).stem if config.filename else 'test set')
            asked = [own_protocol, *map(get_protocol, protocols)]
            # The data set defines which frames a network takes and returns.
            fitting = [
                protocol
                for protocol in (*asked, *map(get_protocol, (protocols_of or {}).get(prefix, ())))
                if protocol == own_protocol
                or (protocol.space_time == own_protocol.space_time and not metric.get('selected'))
            ]
            degradation = _degradation(loader, prefix)
            remark = f'the network is for {needed}' if needed and needed != degradation else ''
            for protocol in dict.fromkeys(fitting):
                single = metric.get('selected') or protocol.centre_only
                measures = [one for one in more if protocol in asked and not (single and of_pairs([one]))]
                settings = {**metric, 'protocol': protocol}
                sets.append(TestSet(prefix, degradation, dict(loader), settings, tuple(measures), remark))
    if not sets:
        raise ValueError(
            f'{name} has no test set that VSRMetric measures; set test_evaluator to VSRMetric, such as '
            "dict(type='VSRMetric', protocol='basicvsr')"
        )
    return sets


def input_made_as(loader: Mapping, data: str = '') -> str:
    """Describe how the low resolution of a test set was made, with the grid if that matters.

    Args:
        loader: Config of its dataloader.
        data: Name of the test set.

    Returns:
        ``'BIx4'``, ``'BDx4 duf'``, ``'BDx4 mmagic'``; ``'BDx4'`` if the grid is unknown, ``''`` if all is unknown.
    """
    dataset, step = loader['dataset'], _degrade_step(loader)
    if step is not None:
        return f'{_label(step)} {step.get("bd", "duf")}' if step.get('kind') == 'BD' else _label(step)
    folder = (dataset.get('data_prefix') or {}).get('img', '')
    made = re.search(r'B[ID]x\d', folder) or re.search(r'\bB[ID]x\d\b', data)
    if made is None:
        return ''
    grid = _prepared_grid(Path(dataset.get('data_root') or '.'), folder) if made[0].startswith('BD') else ''
    return f'{made[0]} {grid}'.strip()


def _prepared_grid(root: Path, folder: str) -> str:
    """Grid of a folder made by ``vsr prepare``, from its manifest; '' if there is none."""
    if not (root / MANIFEST).is_file():
        return ''
    recipes = {unit.recipe for (name, _), unit in Manifest(root).units.items() if name == folder}
    grids = {recipe.rpartition(' ')[2] for recipe in recipes}
    return grids.pop() if len(grids) == 1 else ''


def weights_mismatch(entry: Pretrained, loader: Mapping, data: str = '') -> str:
    """Why weights do not fit a test set (they were trained for another degradation); '' if they fit."""
    made = input_made_as(loader, data)
    fits = entry.trained_for in ('any', 'real footage') or not made or entry.trained_for.startswith(made)
    return '' if fits else f'weights were trained for {entry.trained_for}, but the data are {made}'


def _with_other_data(
    loader: Mapping, evaluator: Any, data: Sequence[Mapping], name: str
) -> tuple[str, list[tuple[dict, list[dict]]]]:
    """Return the degradation of a config's own test set, and pairs of loader and metrics for other data."""
    dataset, (metric, *_) = loader['dataset'], _vsr_metrics(evaluator)
    if dataset.get('type') != 'ClipFramesDataset':
        raise ValueError(f'{name} is tested on a {dataset.get("type")}, but only a ClipFramesDataset can be replaced')
    own = get_protocol(metric['protocol'])
    kept = {key: value for key, value in dataset.items() if key not in PLACE}
    pairs = []
    for part in data:
        metrics = _vsr_metrics(part['evaluator'])
        if own.space_time:
            # Every second frame is input, so only its own protocol fits.
            metrics = [{**one, 'protocol': own} for one in metrics]
        pairs.append(({**loader, 'dataset': {**kept, **part['dataset']}}, metrics))
    return _degradation(loader, metric.get('prefix') or ''), pairs


def _vsr_metrics(evaluator: Mapping | Sequence) -> list:
    return [metric for metric in _metrics(evaluator) if metric['type'] == VSRMetric.__name__]


def _metrics(evaluator: Mapping | Sequence) -> list:
    """Metrics of an evaluator: its ``metrics``, or a list of metrics, or a single metric."""
    if isinstance(evaluator, Mapping):
        return _listed(evaluator.get('metrics', evaluator))
    return list(evaluator)


def _degradation(loader: Mapping, data: str) -> str:
    """Degradation such as ``'BIx4'``, from the name of the test set, or from the transform that makes its input."""
    if named := re.search(r'\bB[ID]x\d\b', data):
        return named[0]
    step = _degrade_step(loader)
    return '' if step is None else _label(step)


def _degrade_step(loader: Mapping) -> Mapping | None:
    """Transform that degrades the input of a test set; None if the input is read from disk."""
    return next((step for step in loader['dataset'].get('pipeline', []) if step.get('type') == 'DegradeFrames'), None)


def _label(step: Mapping) -> str:
    """Label of a ``DegradeFrames`` transform, such as ``'BIx4'``."""
    return f'{step.get("kind", "BI")}x{step.get("scale", 4)}'


def _listed(value: Any) -> list:
    return list(value) if isinstance(value, list | tuple) else [value]
