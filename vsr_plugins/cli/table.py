"""Measure several models on one test set and print one table: one stage against two, for instance.

A model is a config, or CONFIG=CHECKPOINT. Each is measured on the first test set of its config; what was measured
differently is refused.
"""

import argparse
from pathlib import Path

HELP = 'measure several models on one test set, in one table'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('models', nargs='+', metavar='CONFIG[=CHECKPOINT]', help='a config, and its weights if any')
    parser.add_argument('--device', default='cpu', help='where to compute (default: cpu)')
    parser.add_argument('--markdown', metavar='FILE', type=Path, help='also write the table there')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from rich.console import Console

    from ..inference.method_table import measure_models

    models = []
    for model in args.models:
        config, _, checkpoint = model.partition('=')
        models.append((Path(config), Path(checkpoint) if checkpoint else None))
    table = measure_models(models, args.device)
    Console(width=None if Console().is_terminal else 200).print(table.to_rich())
    if args.markdown:
        args.markdown.write_text(table.to_markdown(), encoding='utf-8')
    return 0
