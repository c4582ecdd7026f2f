"""Tabulate methods: cost, scores on every test set of their configs, and published numbers; one row per method.

A method is a config, or CONFIG=CHECKPOINT. Without CHECKPOINT, the best checkpoint of the config's training in OUT is
used, else pretrained weights. Results are cached in OUT/table: a run that was stopped resumes, and a row is measured
again only if its config, code, checkpoint or data change. A method that fails costs only its row; the status is then 1.
"""

import argparse
from pathlib import Path

HELP = 'compare methods: cost, quality and published numbers, in one table per test set'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument(
        'models',
        nargs='+',
        metavar='CONFIG[=CHECKPOINT]',
        help='a config or the name of one of this package, and its weights',
    )
    parser.add_argument('--out', type=Path, default=Path('work_dirs'), help='trainings and cache (default: work_dirs)')
    parser.add_argument('--train', action='store_true', help='train models without weights, in the given order')
    parser.add_argument('--device', default='cpu', help='device to compute on (default: cpu)')
    parser.add_argument('--protocol', nargs='+', default=[], metavar='NAME', help='additional protocols')
    parser.add_argument(
        '--data',
        nargs='+',
        default=[],
        metavar='NAME',
        help='test sets instead of those of the configs, such as Vid4-BIx4 held-out-BIx4',
    )
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=[],
        metavar='NAME',
        help='additional metrics: tOF, Ewarp (flicker), LPIPS, DISTS, NIQE',
    )
    parser.add_argument(
        '--seeds',
        action='store_true',
        help='several checkpoints of a config are seeds: add their mean and spread, such as my.py=a.pth my.py=b.pth',
    )
    parser.add_argument(
        '--self-ensemble',
        choices=('x8', 'reverse', 'x16'),
        help='mean over flips and rotations, over time reversed, or both',
    )
    parser.add_argument('--size', default='180x320', metavar='HxW', help='input for the cost, or none (180x320)')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to every config')
    parser.add_argument('--markdown', metavar='FILE', type=Path, help='write the tables to FILE')
    parser.add_argument('--json', metavar='FILE', type=Path, help='write all numbers to FILE')
    parser.add_argument(
        '--picture', metavar='FILE', type=Path, help='plot quality against cost to FILE (.png, .svg, .pdf)'
    )
    parser.add_argument(
        '--plane', metavar='FILE', type=Path, help='plot perception (--metrics LPIPS) against distortion to FILE'
    )
    parser.add_argument('--force', action='store_true', help='replace existing output files')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    import sys

    from rich.console import Console

    from ..apis import (
        FAILED,
        PICTURES,
        Measurement,
        atomic_write,
        collect_tables,
        find_configs,
        perception_distortion_figure,
        quality_cost_figure,
        require_output,
        to_json,
        to_markdown,
        to_rich,
    )
    from .stages import parse_options

    outputs = [path for path in (args.markdown, args.json, args.picture, args.plane) if path is not None]
    if len(set(outputs)) < len(outputs):
        raise ValueError(f'two outputs are one file: {", ".join(map(str, outputs))}; name another for one of them')
    for path in outputs:
        require_output(path, args.force, PICTURES if path in (args.picture, args.plane) else ())
    models = []
    for model in args.models:
        config, _, checkpoint = model.partition('=')
        models += [(path, Path(checkpoint) if checkpoint else None) for path in find_configs(config)]
    measurement = Measurement(
        data=args.data,
        protocols=args.protocol,
        metrics=args.metrics,
        ensemble=args.self_ensemble,
        size=_size(args.size),
        device=args.device,
    )
    tables = collect_tables(
        models,
        measurement,
        args.out,
        train=args.train,
        options=parse_options(args.cfg_options),
        seeds=args.seeds,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    Console(width=None if Console().is_terminal else 220).print(to_rich(tables))
    contents = {
        args.markdown: lambda: to_markdown(tables),
        args.json: lambda: to_json({'tables': [table.to_dict() for table in tables]}),
    }
    for path, content in contents.items():
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as partial:
                partial.write_text(content(), encoding='utf-8')
    failed = any(row.remark.startswith(FAILED) for table in tables for row in table.rows)
    for path, draw in ((args.picture, quality_cost_figure), (args.plane, perception_distortion_figure)):
        if path is None:
            continue
        try:
            figure = draw(tables)
        except ValueError as error:
            print(f'vsr table: {path} is not written: {error}', file=sys.stderr)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            figure.savefig(partial)
    return int(failed)


def _size(text: str) -> tuple[int, int] | None:
    if text == 'none':
        return None
    height, cross, width = text.partition('x')
    if not (cross and height.isdecimal() and width.isdecimal() and int(height) and int(width)):
        raise ValueError(f'--size takes HEIGHTxWIDTH, such as 180x320, or none, but got {text!r}')
    return int(height), int(width)
