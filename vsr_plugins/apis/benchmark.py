"""Measure several models on all test sets of their configs, one table per test set and protocol."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from mmagic.registry import DATASETS, METRICS
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from ..checkpoints.digests import digest_file
from ..engine.config_files import alias_chain, find_config, read_config, to_builtins
from ..engine.load_parts import find_checkpoint
from ..evaluation import VSRMetric
from ..evaluation.functional.lpips import find_backbone
from ..evaluation.measures import find_measures
from ..evaluation.scores import Scores, merge_scores
from ..evaluation.tables.departures import departures
from ..evaluation.tables.method_table import Cost, MethodRow, MethodTable
from ..evaluation.tables.published import method_of, published
from ..evaluation.tables.result_cache import ResultCache, digest_files, scores_from_dict, scores_to_dict
from ..evaluation.test_sets import TestSet, find_test_sets, named_sets, weights_mismatch
from ..inference.cost import machine, measure_apart
from ..inference.load_model import load_model
from ..pretrained import PRETRAINED, PRETRAINED_PREFIX, checkpoint_file, entry_of, locate
from ..version import __version__
from .stages import train_stages

NO_WEIGHTS = 'no weights'
NO_DATA = 'no data'
# Clip length and (h, w) for measuring the cost, if the network takes any number of frames.
CLIP_LEN = 7
SIZE = (180, 320)


@dataclass(frozen=True)
class Method:
    """A model to measure.

    Attributes:
        path: Its config file.
        config: The loaded config with changes applied.
        checkpoint: Its weights, a file or ``pretrained:NAME``; None for the best checkpoint of its training, or
            pretrained weights.
    """

    path: Path
    config: Config
    checkpoint: Path | None

    @property
    def name(self) -> str:
        """Name in tables: the stem of the config file."""
        return self.path.stem

    @cached_property
    def names(self) -> list[str]:
        """Its name and those of the configs that it is an alias of."""
        return [path.stem for path in alias_chain(self.path)]


def collect_tables(
    models: Sequence[tuple[Path, Path | None]],
    out: Path | str = 'work_dirs',
    device: str = 'cpu',
    train: bool = False,
    options: Mapping[str, object] | None = None,
    protocols: Sequence[str] = (),
    size: tuple[int, int] | None = SIZE,
    report: Callable[[str], None] = lambda line: None,
    data: Sequence[str] = (),
    metrics: Sequence[str] = (),
) -> list[MethodTable]:
    """Measure models on every test set of their configs; return a table for each set and protocol.

    Results are cached in ``out``/table and reused unless the model, its weights, the test data or the version of the
    package change; so a run that was killed resumes where it stopped.

    Args:
        models: Config file and checkpoint of each model; see ``Method`` for None. A network with parameters but without
            weights is not measured.
        out: Folder of the work directories of trainings.
        device: Device to compute on.
        train: Train the models that have neither a checkpoint nor pretrained weights, in this order; see
            ``train_stages``.
        options: Changes to every config, as ``--cfg-options`` takes them.
        protocols: Protocols to measure under in addition to those of the configs and those of the published results of
            the methods.
        size: Height and width of the input for measuring the cost; None does not measure it.
        report: Called with one line for each step.
        data: Names of test sets to measure on instead of those of the configs; see ``named_sets``.
        metrics: Names of measures in addition to those of the sets; see ``MEASURES``.

    Raises:
        FileNotFoundError: If a config or a checkpoint is missing.
        ValueError: If there is no model, two configs share a name, a checkpoint belongs to another model, or a training
            fails.
    """
    out, options = Path(out), dict(options or {})
    parts, more = named_sets(data), find_measures(metrics)
    if 'LPIPS' in more:
        find_backbone()
    methods = _read_configs(models, options)
    if train:
        todo = [_config_to_train(m, out) for m in methods if _needs_training(m)]
        if todo:
            train_stages(list(dict.fromkeys(todo)), out, options, report=report)
    store = ResultCache(out / 'table')
    protocols_of = _published_protocols(methods)
    grouped: dict[tuple, list[MethodRow]] = {}
    for method in methods:
        sets = find_test_sets(method.config, protocols, protocols_of, parts, more)
        for one, row in _rows_of(method, out, store, device, sets, size, report):
            grouped.setdefault(one.key, []).append(row)
    return [MethodTable(data, protocol, rows, degradation) for (data, degradation, protocol), rows in grouped.items()]


def _published_protocols(methods: Sequence[Method]) -> dict[str, list[str]]:
    """Protocols of the published results of all methods, by data set."""
    lines = [line for name in dict.fromkeys(method_of(m.name) for m in methods) if name for line in published(name)]
    protocols: dict[str, list[str]] = {}
    for line in lines:
        if line.protocol:
            protocols.setdefault(line.data, []).append(line.protocol)
    return protocols


def find_weights(method: Method, out: Path) -> Path | None:
    """Find the checkpoint to measure a method with.

    Returns:
        The given checkpoint; else the best of its training in ``out``; else ``pretrained:NAME`` of its config; else
        None. Weights of a config that the method's config is an alias of count as its own.

    Raises:
        FileNotFoundError: If the given checkpoint does not exist.
    """
    if method.checkpoint is not None:
        is_pretrained = str(method.checkpoint).startswith(PRETRAINED_PREFIX)
        return method.checkpoint if is_pretrained else find_checkpoint(method.checkpoint, out)
    for name in method.names:
        with suppress(FileNotFoundError):
            return find_checkpoint(name, out)
    return _pretrained(method)


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
        with torch.inference_mode():
            samples = [sample.to_dict() for sample in model.test_step(batch)]
        for metric in metrics:
            metric.process(batch, samples)
    return [metric.summary(metric.results) for metric in metrics]


def _rows_of(
    method: Method,
    out: Path,
    store: ResultCache,
    device: str,
    sets_of_method: Sequence[TestSet],
    size: tuple[int, int] | None,
    report: Callable[[str], None],
) -> Iterator[tuple[TestSet, MethodRow]]:
    model = load_model(method.config)
    weights = find_weights(method, out)
    parameters = sum(parameter.numel() for parameter in model.generator.parameters())
    pretrained = None if weights is None else entry_of(weights)
    ready = weights or parameters == 0 or getattr(model.generator, 'has_weights', False)
    known = method_of(method.name)
    model_key = _result_key(method.config.model, weights)
    cost = None
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
                departures=departures(method.config, known, method.name, _is_trained_by(method, weights)),
            )
            yield one, row


def _is_trained_by(method: Method, weights: Path | None) -> bool:
    """Whether the weights come from a training with the method's config, as they will where there are none yet."""
    if weights is None:
        return True
    entry = entry_of(weights)
    return entry.trained_here if entry else weights.resolve().parent.name in method.names


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
        loader = Runner.build_dataloader({**sets[0].dataloader, 'dataset': dataset})
        measured = measure(model, loader, [METRICS.build(dict(metrics[number])) for number in todo])
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
    key = {**model_key, 'weights': None, 'shape': list(shape), 'machine': machine(device)}
    stored = store.get(f'{method.name}_cost', key)
    if stored is None:
        report(f'{method.name}: measuring the cost at {shape}')
        try:
            stored = asdict(measure_apart(to_builtins(method.config.model), shape, device))
        except ValueError as error:
            report(f'{method.name}: {error}')
            return None
        store.put(f'{method.name}_cost', key, stored)
    return Cost(**{**stored, 'size': tuple(stored['size']), 'frames': tuple(stored['frames'])})


def _read_configs(models: Sequence[tuple[Path, Path | None]], options: Mapping[str, object]) -> list[Method]:
    if not models:
        raise ValueError('a table needs at least one config')
    methods = []
    for path, checkpoint in models:
        path = find_config(path)
        if any(path.stem == method.name for method in methods):
            raise ValueError(f'two configs are called {path.stem}; rename one, a table has one row per name')
        config = read_config(path)
        config.merge_from_dict(dict(options))
        methods.append(Method(path, config, checkpoint))
    return methods


def _needs_training(method: Method) -> bool:
    return method.checkpoint is None and method.config.get('train_dataloader') and not _pretrained(method)


def _pretrained(method: Method) -> Path | None:
    """Return ``pretrained:NAME`` of weights for the method's config on this machine; None if there are none."""
    candidates = (entry for name in method.names for entry in PRETRAINED if entry.config == name)
    entry = next((entry for entry in candidates if locate(entry)), None)
    return None if entry is None else Path(PRETRAINED_PREFIX + entry.name)


def _config_to_train(method: Method, out: Path) -> Path:
    """Return the config to train: one whose training has started, else the one that the others are aliases of."""
    configs = alias_chain(method.path)
    return next((path for path in configs if (out / path.stem).is_dir()), configs[-1])


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
