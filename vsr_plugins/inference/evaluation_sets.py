"""The test sets of a config, and how each is measured."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..datasets.prepare.manifest import NAME as MANIFEST
from ..datasets.prepare.manifest import Manifest
from ..evaluation import VSRMetric
from ..evaluation.protocols import Protocol, get_protocol
from ..pretrained import Pretrained


@dataclass(frozen=True)
class EvaluationSet:
    """One of the test sets of a config, under one protocol.

    Attributes:
        data: Its name.
        degradation: How its input is made, such as ``'BIx4'``; '' where the config does not tell.
        dataloader: Its dataloader config.
        metric: Config of its ``VSRMetric``.
    """

    data: str
    degradation: str
    dataloader: dict
    metric: dict

    @property
    def protocol(self) -> Protocol:
        """How it is measured."""
        return get_protocol(self.metric['protocol'])

    @property
    def key(self) -> tuple[str, str, Protocol]:
        """What rows of one table have in common."""
        return self.data, self.degradation, self.protocol


def evaluation_sets(
    config: Config, protocols: Sequence[str] = (), protocols_of: Mapping[str, Sequence[str]] | None = None
) -> list[EvaluationSet]:
    """The test sets of a config, each under each of its protocols.

    Args:
        config: The config.
        protocols: Names of more, for the sets whose frames they fit.
        protocols_of: More for some sets, by the name of the data.

    Raises:
        ValueError: If the config has no test set, or none that ``VSRMetric`` measures.
    """
    name = Path(config.filename).name if config.filename else 'the config'
    if not config.get('test_dataloader') or not config.get('test_evaluator'):
        raise ValueError(f'{name} has no test set: test_dataloader and test_evaluator say what is measured, and how')
    if isinstance(config.test_dataloader, list | tuple):
        pairs = list(zip(config.test_dataloader, _listed(config.test_evaluator), strict=False))
        if len(pairs) != max(len(config.test_dataloader), len(_listed(config.test_evaluator))):
            raise ValueError(f'{name} has {len(config.test_dataloader)} test sets, but not as many evaluators')
    else:
        pairs = [(config.test_dataloader, config.test_evaluator)]
    sets = []
    for loader, evaluator in pairs:
        for metric in _metrics(evaluator):
            if metric.type != VSRMetric.__name__:
                continue
            own = get_protocol(metric.protocol)
            data = metric.get('prefix') or config.get('experiment_name', 'test set')
            wanted = [get_protocol(name) for name in (*protocols, *(protocols_of or {}).get(data, ()))]
            # Which frames a network is given, or returns, is for the data set to say.
            fitting = [p for p in wanted if p.space_time == own.space_time and not metric.get('selected')]
            for protocol in dict.fromkeys([own, *fitting]):
                settings = {**metric, 'protocol': protocol}
                sets.append(EvaluationSet(data, _degradation(loader, data), dict(loader), settings))
    if not sets:
        raise ValueError(
            f'{name} has no test set that VSRMetric measures; as an evaluator of its test set, '
            "dict(type='VSRMetric', protocol='basicvsr') is one"
        )
    return sets


def input_made_as(loader: Mapping, data: str = '') -> str:
    """How the low resolution of a test set was made, with the grid where that matters.

    Args:
        loader: Its dataloader config.
        data: Its name.

    Returns:
        ``'BIx4'``, ``'BDx4 duf'``, ``'BDx4 mmagic'``; ``'BDx4'`` where the grid is not known, ``''`` where nothing is.
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
    """The grid of a folder that ``vsr prepare`` made, by its record; '' where there is none."""
    if not (root / MANIFEST).is_file():
        return ''
    recipes = {unit.recipe for (name, _), unit in Manifest(root).units.items() if name == folder}
    grids = {recipe.rpartition(' ')[2] for recipe in recipes}
    return grids.pop() if len(grids) == 1 else ''


def weights_mismatch(entry: Pretrained, loader: Mapping, data: str = '') -> str:
    """Why weights are not for a test set: they were trained for low resolution made otherwise; '' if they fit."""
    made = input_made_as(loader, data)
    fits = entry.trained_for in ('any', 'real footage') or not made or entry.trained_for.startswith(made)
    return '' if fits else f'weights are for {entry.trained_for}, the data are {made}'


def _metrics(evaluator: Mapping | Sequence) -> list:
    """The metrics of an evaluator: its own, or a list of them, or the only one."""
    if isinstance(evaluator, list | tuple):
        return list(evaluator)
    return _listed(evaluator.get('metrics', evaluator))


def _degradation(loader: Mapping, data: str) -> str:
    """``'BIx4'`` or its like: from the name of the test set, or from the transform that makes its input."""
    if named := re.search(r'\bB[ID]x\d\b', data):
        return named[0]
    step = _degrade_step(loader)
    return '' if step is None else _label(step)


def _degrade_step(loader: Mapping) -> Mapping | None:
    """The transform that makes the input of a test set; None where it is read from disk."""
    return next((step for step in loader['dataset'].get('pipeline', []) if step.get('type') == 'DegradeFrames'), None)


def _label(step: Mapping) -> str:
    """``'BIx4'`` or its like, of a ``DegradeFrames``."""
    return f'{step.get("kind", "BI")}x{step.get("scale", 4)}'


def _listed(value: Any) -> list:
    return list(value) if isinstance(value, list | tuple) else [value]
