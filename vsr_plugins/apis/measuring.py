"""Measure one method on test sets, with cached results."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from mmagic.registry import DATASETS, METRICS
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from ..checkpoints.digests import digest_file
from ..datasets import ClipFramesDataset
from ..engine.bounded_clips import bound_dataset, can_bound
from ..engine.config_files import to_builtins
from ..evaluation import VSRMetric
from ..evaluation.functional.dists import BACKBONE as DISTS_BACKBONE
from ..evaluation.functional.lpips import BACKBONE as LPIPS_BACKBONE
from ..evaluation.functional.lpips import find_backbone
from ..evaluation.measures import find_measures, of_clips
from ..evaluation.protocols import Protocol, get_protocol
from ..evaluation.scores import Scores, merge_scores
from ..evaluation.tables.departures import departures
from ..evaluation.tables.method_table import Cost, MethodRow
from ..evaluation.tables.published import published
from ..evaluation.tables.result_cache import ResultCache, digest_files, scores_from_dict, scores_to_dict
from ..evaluation.test_sets import TestSet, weights_mismatch
from ..inference.cost import machine, measure_apart
from ..inference.load_model import load_model
from ..inference.predictor import network_of
from ..models.data_mismatch import explained_mismatch
from ..models.self_ensemble import ENSEMBLES, self_ensemble
from ..pretrained import checkpoint_file, entry_of
from ..version import __version__
from .methods import Method, check_network, is_trained_by

NO_WEIGHTS = 'no weights'
NO_DATA = 'no data'
# Packages whose versions are fixed or part of the key of a result.
KNOWN_CODE = ('torch', 'torchvision', 'mmagic', 'mmengine', 'mmcv', 'vsr_plugins')
# Clip length and (h, w) for measuring the cost, if the network takes any number of frames.
CLIP_LEN = 7
SIZE = (180, 320)


@dataclass(frozen=True)
class Measurement:
    """What the methods of a table are measured on, and how.

    Attributes:
        data: Names of test sets instead of those of the configs; see ``named_sets``.
        protocols: Protocols in addition to those of the configs and those of the published results of the methods.
        metrics: Names of measures in addition to those of the sets; see ``MEASURES``.
        ensemble: Self-ensemble to measure every network with, a name of ``ENSEMBLES``; None for none.
        size: Height and width of the input for measuring the cost; None does not measure it.
        device: Device to compute on.

    Raises:
        FileNotFoundError: If the backbone of a measure is missing.
        ValueError: If a protocol, measure or self-ensemble is unknown, or a measure needs complete clips.
    """

    data: Sequence[str] = ()
    protocols: Sequence[str] = ()
    metrics: Sequence[str] = ()
    ensemble: str | None = None
    size: tuple[int, int] | None = SIZE
    device: str = 'cpu'

    def __post_init__(self) -> None:
        """Check the names, before anything is measured."""
        _ = self.asked_protocols
        if clips := of_clips(self.measures):
            raise ValueError(f'{", ".join(clips)} is measured on complete clips: save the frames and use vsr score')
        for name, backbone in (('LPIPS', LPIPS_BACKBONE), ('DISTS', DISTS_BACKBONE)):
            if name in self.measures:
                find_backbone(None, backbone, name)
        if self.ensemble not in (None, *ENSEMBLES):
            raise ValueError(f'the self-ensemble must be one of {", ".join(ENSEMBLES)}, but got {self.ensemble!r}')

    @property
    def asked_protocols(self) -> list[Protocol]:
        """The protocols by name."""
        return [get_protocol(name) for name in self.protocols]

    @property
    def measures(self) -> list[str]:
        """The measures by the names that ``find_measures`` gives them."""
        return find_measures(self.metrics)


def measure(model: nn.Module, loader: Any, metrics: Sequence[VSRMetric]) -> list[Scores]:
    """Run a model over a test set once and compute several metrics.

    Args:
        model: A subclass of mmagic's ``BaseEditModel``, in evaluation mode.
        loader: The batches.
        metrics: The metrics.

    Returns:
        The scores of each metric.
    """
    for batch in loader:
        with explained_mismatch(model), torch.inference_mode():
            samples = [sample.to_dict() for sample in model.test_step(batch)]
        for metric in metrics:
            metric.process(batch, samples)
    return [metric.summary(metric.results) for metric in metrics]


def measure_method(
    method: Method,
    weights: Path | None,
    store: ResultCache,
    sets_of_method: Sequence[TestSet],
    measurement: Measurement,
    report: Callable[[str], None],
) -> Iterator[tuple[TestSet, MethodRow]]:
    """Measure a method, or read what was measured before, on each of its test sets.

    Args:
        method: The method.
        weights: Its checkpoint; None if it has none.
        store: Cache of scores and costs.
        sets_of_method: The test sets.
        measurement: Size of the input for measuring the cost, and the device.
        report: Called with one line for each step.

    Yields:
        Each test set and its row, without scores where weights or data are missing.

    Raises:
        ValueError: If the weights are of a training of another network.
    """
    model = load_model(method.config)
    if weights is not None and method.checkpoint is None:
        check_network(method, weights)
    parameters = sum(parameter.numel() for parameter in model.generator.parameters())
    pretrained = None if weights is None else entry_of(weights)
    ready = weights or parameters == 0 or getattr(model.generator, 'has_weights', False)
    known = method.published_as
    model_key = {**_result_key(method.config.model, weights), **_code_key(model.generator)}
    if method.ensemble:
        model_key['ensemble'] = method.ensemble
    device, size, cost = measurement.device, measurement.size, None
    for sets in _by_data(sets_of_method):
        dataset = _open(sets[0], report)
        scores: list[Scores | None] = [None] * len(sets)
        if dataset is not None and size is not None and cost is None:
            cost = _cost(method, model_key, _input_shape(dataset, model, size), device, store, report)
        mismatch = sets[0].remark or (pretrained and weights_mismatch(pretrained, sets[0].dataloader, sets[0].data))
        if dataset is not None and ready and not mismatch:
            scores = _scores(method, weights, sets, dataset, model_key, device, store, report)
        for one, of in zip(sets, scores, strict=True):
            row = MethodRow(
                name=method.name,
                method=known,
                parameters=parameters,
                scores=of,
                remark='' if of else mismatch or (NO_DATA if ready else NO_WEIGHTS),
                cost=cost,
                weights=str(weights or ''),
                published=published(known, one.data) if known else (),
                departures=departures(method.config, known, method.path.stem, is_trained_by(method, weights)),
            )
            yield one, row


def _scores(
    method: Method,
    weights: Path | None,
    sets: Sequence[TestSet],
    dataset: Dataset,
    model_key: dict,
    device: str,
    store: ResultCache,
    report: Callable[[str], None],
) -> list[Scores]:
    """Load the cached scores, and measure the others in one run over the data."""
    data = {'config': to_builtins(sets[0].dataloader['dataset']), 'files': _digest(dataset)}
    # Each additional measure is cached separately, so that adding one does not measure the others again.
    parts = [(one, more) for one in sets for more in (None, *one.more)]
    metrics = [one.metric if more is None else {**one.metric, 'metrics': [more]} for one, more in parts]
    names = [f'{method.name}_{one.data}' for one, _ in parts]
    keys = [
        {**model_key, 'data': data, 'metric': {**to_builtins(metric), 'protocol': vars(one.protocol)}}
        for (one, _), metric in zip(parts, metrics, strict=True)
    ]
    stored = [store.get(name, key) for name, key in zip(names, keys, strict=True)]
    todo = [number for number, result in enumerate(stored) if result is None]
    if todo:
        report(f'{method.name}: measuring on {sets[0].data}, {", ".join(_label(*parts[n]) for n in todo)}')
        model = load_model(method.config, weights, device)
        loader = Runner.build_dataloader({**sets[0].dataloader, 'dataset': _in_parts(dataset, sets[0], model)})
        built = [METRICS.build(dict(metrics[number])) for number in todo]
        with self_ensemble(network_of(model), method.ensemble) if method.ensemble else nullcontext():
            measured = measure(model, loader, built)
        for number, scores in zip(todo, measured, strict=True):
            stored[number] = scores_to_dict(scores)
            store.put(names[number], keys[number], stored[number])
    loaded = [scores_from_dict(result) for result in stored]
    return [merge_scores([of for of, (owner, _) in zip(loaded, parts, strict=True) if owner is one]) for one in sets]


def _label(one: TestSet, more: str | None) -> str:
    return one.protocol.name if more is None else f'{more} ({one.protocol.name})'


def _cost(
    method: Method,
    model_key: dict,
    shape: tuple[int, ...],
    device: str,
    store: ResultCache,
    report: Callable[[str], None],
) -> Cost | None:
    single = {name: value for name, value in model_key.items() if name != 'ensemble'}
    key = {**single, 'weights': None, 'shape': list(shape), 'machine': machine(device)}
    stored = store.get(f'{method.path.stem}_cost', key)
    if stored is None:
        report(f'{method.name}: measuring the cost at {shape}')
        try:
            stored = asdict(measure_apart(to_builtins(method.config.model), shape, device, method.imports))
        except ValueError as error:
            report(f'{method.name}: {error}')
            return None
        store.put(f'{method.path.stem}_cost', key, stored)
    cost = Cost.from_dict(stored)
    runs = ENSEMBLES.get(method.ensemble, 1)
    return replace(cost, flops=runs * cost.flops, seconds=runs * cost.seconds)


def _by_data(sets: Sequence[TestSet]) -> list[list[TestSet]]:
    """Group the test sets by their frames."""
    groups: dict[str, list[TestSet]] = {}
    for one in sets:
        groups.setdefault(f'{one.data} {one.dataloader}', []).append(one)
    return list(groups.values())


def _open(one: TestSet, report: Callable[[str], None]) -> Dataset | None:
    """Build the data set of a test set; None if it is not on this machine."""
    try:
        return DATASETS.build(dict(one.dataloader['dataset']))
    except FileNotFoundError as error:
        report(f'{one.data}: {error}')
        return None


def _result_key(model: Mapping, weights: Path | None) -> dict[str, Any]:
    """Cache key of a model: everything that determines its output (config, weights, version of this package)."""
    files = sorted({value for value in _strings(model) if Path(value).is_file()})
    return {
        'version': __version__,
        'model': to_builtins(model),
        'files': {path: digest_file(path) for path in files},
        'weights': None if weights is None else digest_file(checkpoint_file(weights)),
    }


def _in_parts(dataset: Dataset, one: TestSet, model: nn.Module) -> Dataset:
    """Cut long clips into parts that the model's network can take, so that memory does not grow with their length."""
    if isinstance(dataset, ClipFramesDataset) and can_bound(one.dataloader['dataset']):
        bound_dataset(dataset, model.generator)
    return dataset


def _code_key(network: nn.Module) -> dict[str, Any]:
    """Part of the cache key for a network of the user's: digests of the files that define its modules."""
    kinds = {type(part) for part in network.modules() if type(part).__module__.partition('.')[0] not in KNOWN_CODE}
    files = {getattr(sys.modules.get(kind.__module__), '__file__', None) for kind in kinds} - {None}
    return {'code': {path: digest_file(path) for path in sorted(files)}} if files else {}


def _digest(dataset: Dataset) -> str:
    """Digest of the files of a data set."""
    if not hasattr(dataset, 'get_data_info'):
        return ''
    samples = (dataset.get_data_info(index) for index in range(len(dataset)))
    return digest_files(sorted({path for sample in samples for path in _strings(sample) if Path(path).is_file()}))


def _input_shape(dataset: Dataset, model: nn.Module, size: tuple[int, int]) -> tuple[int, ...]:
    """Input shape for measuring the cost: that of a sample, with the network's own clip length and the given size."""
    shape = tuple(dataset[0]['inputs'].shape)
    if len(shape) < 4:
        return (*shape[:-2], *size)
    window = getattr(model.generator, 'window', None)
    clip_len = getattr(model.generator, 'chunk_length', None) or CLIP_LEN
    return (window if shape[0] == window else min(shape[0], clip_len), shape[1], *size)


def _strings(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _strings(value)
    elif isinstance(node, str):
        yield node
