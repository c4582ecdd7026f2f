"""Rows for trainings of one config with different seeds: their mean and spread."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean, stdev

from ..engine.training_record import read_record
from ..evaluation.tables.method_table import MethodRow
from .methods import Method


def report_equal_seeds(methods: Sequence[Method], report: Callable[[str], None]) -> None:
    """Report each config whose trainings share a seed: they are no independent runs.

    Args:
        methods: The methods of the tables; the checkpoint of each is read.
        report: Called with one line for each such config.
    """
    by_config: dict[str, list[int]] = {}
    for method in methods:
        if (seed := _seed_of(method)) is not None:
            by_config.setdefault(method.path.stem, []).append(seed)
    for stem, seeds in by_config.items():
        if len(seeds) != len(set(seeds)):
            report(f'{stem}: trainings with one seed are no independent runs: the seeds are {sorted(seeds)}')


def with_means(methods: Sequence[Method], rows: Sequence[MethodRow]) -> list[MethodRow]:
    """Append for each config with several measured checkpoints a row with their mean and spread.

    Args:
        methods: The methods of the table.
        rows: Their rows.

    Returns:
        All rows, those of the means last. The spread is the standard deviation of the sample.
    """
    by_config: dict[str, list[MethodRow]] = {}
    stems = {method.name: method.path.stem for method in methods}
    for row in rows:
        if row.scores is not None:
            by_config.setdefault(stems[row.name], []).append(row)
    means = [_mean_row(stem, of_config) for stem, of_config in by_config.items() if len(of_config) > 1]
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


def _seed_of(method: Method) -> int | None:
    """Seed of the training that wrote the method's checkpoint; None if it is not known."""
    path = method.checkpoint
    if path is None or not path.is_file() or path.suffix not in ('.pth', '.pt'):
        return None
    return (read_record(path) or {}).get('seed')
