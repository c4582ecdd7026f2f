"""Train configs one after the other, each starting from the weights of those before where it says so.

Stopped and started again, it goes on where it was.
"""

import argparse
from pathlib import Path

HELP = 'train the stages of a method one after the other; goes on where it was stopped'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('configs', type=Path, nargs='+', help='configs in the order of the training')
    parser.add_argument('--out', type=Path, default=Path('work_dirs'), help='a folder for each (default: work_dirs)')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to every config')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from ..stages import train_stages

    options = {}
    for option in args.cfg_options:
        key, equals, value = option.partition('=')
        if not equals:
            raise ValueError(f'--cfg-options takes KEY=VALUE, but got {option!r}')
        options[key] = value
    for path in train_stages(args.configs, args.out, options):
        print(path)
    return 0
