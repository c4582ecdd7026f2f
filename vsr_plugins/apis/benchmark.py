"""Measure several models on all test sets of their configs, one table per test set and protocol."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from ..engine.config_files import first_line
from ..evaluation.tables.method_table import MethodRow, MethodTable
from ..evaluation.tables.published import published
from ..evaluation.tables.result_cache import ResultCache
from ..evaluation.test_sets import TestSet, find_test_sets, named_sets
from .measuring import Measurement, measure_method
from .methods import Method, config_to_train, find_weights, needs_training, read_methods
from .seeds import report_equal_seeds, with_means
from .stages import train_stages

# Beginning of the remark of a row that could not be measured.
FAILED = 'failed'


def collect_tables(
    models: Sequence[tuple[Path, Path | None]],
    measurement: Measurement | None = None,
    out: Path | str = 'work_dirs',
    train: bool = False,
    options: Mapping[str, object] | None = None,
    seeds: bool = False,
    report: Callable[[str], None] = lambda line: None,
) -> list[MethodTable]:
    """Measure models on every test set of their configs; return a table for each set and protocol.

    Results are cached in ``out``/table and reused unless the model, its code, its weights, the test data or the version
    of the package change; so a run that was killed resumes where it stopped. A model that fails costs only its own row,
    which has the reason.

    Args:
        models: Config file and checkpoint of each model; see ``Method`` for None. A network with parameters but without
            weights is not measured.
        measurement: Test sets, protocols, measures and device; those of the configs on the CPU by default.
        out: Folder of the work directories of trainings.
        train: Train the models that have neither a checkpoint nor pretrained weights, in this order; see
            ``train_stages``.
        options: Changes to every config, as ``--cfg-options`` takes them.
        seeds: Several checkpoints of one config are trainings with different seeds: add a row with their mean and
            spread; see ``with_means``.
        report: Called with one line for each step.

    Raises:
        FileNotFoundError: If a config or a checkpoint is missing.
        ValueError: If there is no model, two rows share a name, or a training fails. If every model fails, the error
            of the first.
    """
    out, options, measurement = Path(out), dict(options or {}), measurement or Measurement()
    parts = named_sets(measurement.data)
    methods = [replace(method, ensemble=measurement.ensemble) for method in read_methods(models, options)]
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
            sets = find_test_sets(method.config, measurement.asked_protocols, protocols_of, parts, measurement.measures)
            rows = list(measure_method(method, weights_of[method.name], store, sets, measurement, report))
        except Exception as error:  # a network of the user's may raise anything
            errors.append(error)
            report(f'{method.name}: failed: {type(error).__name__}: {error}')
            rows = [(one, MethodRow(method.name, remark=f'{FAILED}: {first_line(error)}')) for one in sets]
        for one, row in rows:
            grouped.setdefault(one.key, []).append(row)
    if len(errors) == len(methods):
        raise errors[0]
    if seeds:
        report_equal_seeds(methods, report)
    return [
        MethodTable(data, protocol, with_means(methods, rows) if seeds else rows, degradation)
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
