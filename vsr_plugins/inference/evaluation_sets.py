"""The test sets of a config, and how each is measured."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..evaluation import VSRMetric
from ..evaluation.protocols import Protocol, get_protocol


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


def _metrics(evaluator: Mapping | Sequence) -> list:
    """The metrics of an evaluator: its own, or a list of them, or the only one."""
    if isinstance(evaluator, list | tuple):
        return list(evaluator)
    return _listed(evaluator.get('metrics', evaluator))


def _degradation(loader: Mapping, data: str) -> str:
    """``'BIx4'`` or its like: from the name of the test set, or from the transform that makes its input."""
    if named := re.search(r'\bB[ID]x\d\b', data):
        return named[0]
    for transform in loader['dataset'].get('pipeline', []):
        if transform.get('type') == 'DegradeFrames':
            return f'{transform.get("kind", "BI")}x{transform.get("scale", 4)}'
    return ''


def _listed(value: Any) -> list:
    return list(value) if isinstance(value, list | tuple) else [value]
