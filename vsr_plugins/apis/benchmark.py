"""Measure several models on all test sets of their configs, one table per test set and protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from ..engine.config_files import first_line
from ..engine.training_record import read_record
from ..evaluation.functional.dists import BACKBONE as DISTS_BACKBONE
from ..evaluation.functional.lpips import BACKBONE as LPIPS_BACKBONE
from ..evaluation.functional.lpips import find_backbone
from ..evaluation.measures import find_measures, of_clips
from ..evaluation.protocols import get_protocol
from ..evaluation.tables.method_table import MethodRow, MethodTable
from ..evaluation.tables.published import published
from ..evaluation.tables.result_cache import ResultCache
from ..evaluation.test_sets import TestSet, find_test_sets, named_sets
from ..models.self_ensemble import ENSEMBLES
from .measuring import SIZE, measure_method
from .methods import Method, config_to_train, find_weights, needs_training, read_methods
from .stages import train_stages

# Beginning of the remark of a row that could not be measured.
FAILED = 'failed'


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
    asked = [get_protocol(name) for name in protocols]
    if clips := of_clips(more):
        raise ValueError(f'{", ".join(clips)} is measured on complete clips: save the frames and use vsr score')
    for measure_name, backbone in (('LPIPS', LPIPS_BACKBONE), ('DISTS', DISTS_BACKBONE)):
        if measure_name in more:
            find_backbone(None, backbone, measure_name)
    if ensemble not in (None, *ENSEMBLES):
        raise ValueError(f'the self-ensemble must be one of {", ".join(ENSEMBLES)}, but got {ensemble!r}')
    methods = [replace(method, ensemble=ensemble) for method in read_methods(models, options)]
    if train:
        todo = [config_to_train(m, out) for m in methods if needs_training(m)]
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
            sets = find_test_sets(method.config, asked, protocols_of, parts, more)
            rows = list(measure_method(method, weights_of[method.name], store, device, sets, size, report))
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
