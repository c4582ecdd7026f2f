"""Measure several models on all test sets of their configs, one table per test set and protocol."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import torch
from mmagic.registry import DATASETS, METRICS
from mmengine.config import Config
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import Dataset

from ..checkpoints.digests import digest_file
from ..datasets import ClipFramesDataset
from ..engine.bounded_clips import bound_dataset, can_bound
from ..engine.config_files import alias_chain, find_config, first_line, package_bases, read_config, to_builtins
from ..engine.load_parts import find_checkpoint
from ..engine.training_record import differences, read_record
from ..evaluation import VSRMetric
from ..evaluation.functional.dists import BACKBONE as DISTS_BACKBONE
from ..evaluation.functional.lpips import BACKBONE as LPIPS_BACKBONE
from ..evaluation.functional.lpips import find_backbone
from ..evaluation.measures import find_measures, of_clips
from ..evaluation.scores import Scores, merge_scores
from ..evaluation.tables.departures import departures
from ..evaluation.tables.method_table import Cost, MethodRow, MethodTable
from ..evaluation.tables.published import identify, published
from ..evaluation.tables.result_cache import ResultCache, digest_files, scores_from_dict, scores_to_dict
from ..evaluation.test_sets import TestSet, find_test_sets, named_sets, weights_mismatch
from ..inference.cost import machine, measure_apart
from ..inference.load_model import load_model
from ..inference.predictor import network_of
from ..models.data_mismatch import explained_mismatch
from ..models.self_ensemble import ENSEMBLES, self_ensemble
from ..pretrained import PRETRAINED, PRETRAINED_PREFIX, checkpoint_file, entry_of, locate
from ..version import __version__
from .stages import train_stages

NO_WEIGHTS = 'no weights'
NO_DATA = 'no data'
# Beginning of the remark of a row that could not be measured.
FAILED = 'failed'
# Packages whose versions are fixed or part of the key of a result.
KNOWN_CODE = ('torch', 'torchvision', 'mmagic', 'mmengine', 'mmcv', 'vsr_plugins')
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
        label: Distinguishes several checkpoints of one config; '' for a single one.
        ensemble: Self-ensemble to measure it with; None for none.
    """

    path: Path
    config: Config
    checkpoint: Path | None
    label: str = ''
    ensemble: str | None = None

    @property
    def name(self) -> str:
        """Name in tables: the stem of the config file, the label and the self-ensemble."""
        return ' '.join(part for part in (self.path.stem, self.label, self.ensemble) if part)

    @cached_property
    def names(self) -> list[str]:
        """Its name and those of the configs that it is an alias of."""
        return [path.stem for path in alias_chain(self.path)]

    @cached_property
    def published_as(self) -> str | None:
        """Published method that its network is; None if it is none."""
        if self.ensemble:
            return None  # published numbers are those of single networks
        names = [self.path.stem, *(path.stem for path in package_bases(self.path))]
        return identify(self.config.model.get('generator'), names)

    @property
    def imports(self) -> list[str]:
        """Modules that its config imports."""
        names = (self.config.get('custom_imports') or {}).get('imports') or []
        return [names] if isinstance(names, str) else list(names)


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
    seeds: bool = False,
    ensemble: str | None = None,
) -> list[MethodTable]:
    """Measure models on every test set of their configs; return a table for each set and protocol.

    Results are cached in ``out``/table and reused unless the model, its code, its weights, the test data or the version
    of the package change; so a run that was killed resumes where it stopped. A model that fails costs only its own row,
    which has the reason.

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
        seeds: Several checkpoints of one config are trainings with different seeds: add a row with their mean and
            spread, the standard deviation of the sample.
        ensemble: Self-ensemble to measure every network with, a name of ``ENSEMBLES``; None for none.

    Raises:
        FileNotFoundError: If a config or a checkpoint is missing.
        ValueError: If there is no model, two rows share a name, or a training fails. If every model fails, the error
            of the first.
    """
    out, options = Path(out), dict(options or {})
    parts, more = named_sets(data), find_measures(metrics)
    if clips := of_clips(more):
        raise ValueError(f'{", ".join(clips)} is measured on complete clips: save the frames and use vsr score')
    for measure_name, backbone in (('LPIPS', LPIPS_BACKBONE), ('DISTS', DISTS_BACKBONE)):
        if measure_name in more:
            find_backbone(None, backbone, measure_name)
    if ensemble not in (None, *ENSEMBLES):
        raise ValueError(f'the self-ensemble must be one of {", ".join(ENSEMBLES)}, but got {ensemble!r}')
    methods = [replace(method, ensemble=ensemble) for method in _read_configs(models, options)]
    if train:
        todo = [_config_to_train(m, out) for m in methods if _needs_training(m)]
        if todo:
            train_stages(list(dict.fromkeys(todo)), out, options, report=report)
    store = ResultCache(out / 'table')
    protocols_of = _published_protocols(methods)
    grouped: dict[tuple, list[MethodRow]] = {}
    weights_of = {method.name: find_weights(method, out) for method in methods}
    errors = []
    for method in methods:
        sets: list[TestSet] = []
        try:
            sets = find_test_sets(method.config, protocols, protocols_of, parts, more)
            rows = list(_rows_of(method, weights_of[method.name], store, device, sets, size, report))
        except Exception as error:  # a network of the user's may raise anything
            errors.append(error)
            report(f'{method.name}: failed: {type(error).__name__}: {error}')
            rows = [(one, MethodRow(method.name, remark=f'{FAILED}: {first_line(error)}')) for one in sets]
        for one, row in rows:
            grouped.setdefault(one.key, []).append(row)
    if len(errors) == len(methods):
        raise errors[0]
    return [
        MethodTable(data, protocol, _with_means(methods, rows, report) if seeds else rows, degradation)
        for (data, degradation, protocol), rows in grouped.items()
    ]


def _published_protocols(methods: Sequence[Method]) -> dict[str, list[str]]:
    """Protocols of the published results of all methods, by data set."""
    lines = [line for name in dict.fromkeys(m.published_as for m in methods) if name for line in published(name)]
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
        with explained_mismatch(model), torch.inference_mode():
            samples = [sample.to_dict() for sample in model.test_step(batch)]
        for metric in metrics:
            metric.process(batch, samples)
    return [metric.summary(metric.results) for metric in metrics]


def _rows_of(
    method: Method,
    weights: Path | None,
    store: ResultCache,
    device: str,
    sets_of_method: Sequence[TestSet],
    size: tuple[int, int] | None,
    report: Callable[[str], None],
) -> Iterator[tuple[TestSet, MethodRow]]:
    model = load_model(method.config)
    if weights is not None and method.checkpoint is None:
        _check_network(method, weights)
    parameters = sum(parameter.numel() for parameter in model.generator.parameters())
    pretrained = None if weights is None else entry_of(weights)
    ready = weights or parameters == 0 or getattr(model.generator, 'has_weights', False)
    known = method.published_as
    model_key = {**_result_key(method.config.model, weights), **_code_key(model.generator)}
    if method.ensemble:
        model_key['ensemble'] = method.ensemble
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
                departures=departures(method.config, known, method.path.stem, _is_trained_by(method, weights)),
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
    cost = Cost(**{**stored, 'size': tuple(stored['size']), 'frames': tuple(stored['frames'])})
    runs = ENSEMBLES.get(method.ensemble, 1)
    return replace(cost, flops=runs * cost.flops, seconds=runs * cost.seconds)


def _read_configs(models: Sequence[tuple[Path, Path | None]], options: Mapping[str, object]) -> list[Method]:
    if not models:
        raise ValueError('a table needs at least one config')
    methods = []
    for path, checkpoint in models:
        path = find_config(path)
        config = read_config(path)
        config.merge_from_dict(dict(options))
        same = [method for method in methods if method.path.stem == path.stem]
        if any(method.path.resolve() != path.resolve() or method.checkpoint == checkpoint for method in same):
            raise ValueError(
                f'two rows are called {path.stem}; rename one config, or give each its checkpoint: CONFIG=CHECKPOINT'
            )
        methods.append(Method(path, config, checkpoint))
    stems = [method.path.stem for method in methods]
    repeated = {stem for stem in stems if stems.count(stem) > 1}
    return [replace(m, label=_checkpoint_label(m)) if m.path.stem in repeated else m for m in methods]


def _checkpoint_label(method: Method) -> str:
    """Name a checkpoint by its folder and file: those of several seeds differ in the folder."""
    if method.checkpoint is None:
        return ''
    name = str(method.checkpoint)
    return f'[{name if name.startswith(PRETRAINED_PREFIX) else "/".join(Path(name).with_suffix("").parts[-2:])}]'


def _with_means(methods: Sequence[Method], rows: Sequence[MethodRow], report: Callable[[str], None]) -> list[MethodRow]:
    """Append for each config with several measured checkpoints a row with their mean and spread."""
    by_config: dict[str, list[MethodRow]] = {}
    stems = {method.name: method.path.stem for method in methods}
    for row in rows:
        if row.scores is not None:
            by_config.setdefault(stems[row.name], []).append(row)
    means = [_mean_row(stem, of_config) for stem, of_config in by_config.items() if len(of_config) > 1]
    seeds = [record.get('seed') for method in methods if (record := _record_of(method)) is not None]
    if len(seeds) != len(set(seeds)):
        report(f'trainings with one seed are no independent runs: the seeds are {sorted(seeds)}')
    return [*rows, *means]


def _mean_row(stem: str, rows: Sequence[MethodRow]) -> MethodRow:
    scores = [row.scores for row in rows]
    names = list(scores[0].mean)
    values = {name: [one.mean[name] for one in scores] for name in names}
    clips = {
        clip: {name: fmean(one.clips[clip][name] for one in scores) for name in of_clip}
        for clip, of_clip in scores[0].clips.items()
    }
    groups = {
        group: {name: fmean(one.groups[group][name] for one in scores) for name in of_group}
        for group, of_group in scores[0].groups.items()
    }
    mean = replace(scores[0], clips=clips, groups=groups, mean={name: fmean(of) for name, of in values.items()})
    return replace(
        rows[0],
        name=f'{stem}, mean of {len(rows)}',
        scores=mean,
        weights='',
        spread={name: stdev(of) for name, of in values.items()},
    )


def _record_of(method: Method) -> dict[str, Any] | None:
    path = method.checkpoint
    return read_record(path) if path is not None and path.is_file() and path.suffix in ('.pth', '.pt') else None


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


def _check_network(method: Method, weights: Path) -> None:
    """Raise if the checkpoint of a training in the folder of a config is of another network.

    Raises:
        ValueError: The message lists what differs.
    """
    record = None if str(weights).startswith(PRETRAINED_PREFIX) else read_record(weights)
    if record is None:
        return
    before, now = record['config'].get('model') or {}, to_builtins(method.config.model)
    changes = differences(before.get('generator'), now.get('generator'), 'model.generator')
    if changes:
        raise ValueError(f'{weights} was trained with a different config: {"; ".join(text for _, text in changes)}')


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
