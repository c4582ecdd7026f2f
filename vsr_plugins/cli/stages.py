"""Train configs one after the other, each starting from the weights of those before where it says so.

Stopped and started again, it goes on where it was. A stage that was trained in another way than is asked now (other
options, a changed config, weights that it started from and are others now) is an error, unless it is to be kept.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

HELP = 'train the stages of a method one after the other; goes on where it was stopped'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument(
        'configs', type=Path, nargs='+', help='configs in the order of the training, or names of those of the package'
    )
    parser.add_argument('--out', type=Path, default=Path('work_dirs'), help='a folder for each (default: work_dirs)')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to every config')
    parser.add_argument('--keep', action='store_true', help='take trainings that are there for what is asked')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    import sys

    from ..apis import train_stages

    paths = train_stages(
        args.configs,
        args.out,
        parse_options(args.cfg_options),
        keep=args.keep,
        report=lambda line: print(line, file=sys.stderr, flush=True),
    )
    for path in paths:
        print(path)
    return 0


def parse_options(options: Sequence[str]) -> dict[str, object]:
    """What ``--cfg-options`` was given, by key, with numbers and lists as mmengine reads them.

    Raises:
        ValueError: If one is not KEY=VALUE.
    """
    from mmengine.config import DictAction

    for option in options:
        if '=' not in option:
            raise ValueError(f'--cfg-options takes KEY=VALUE, but got {option!r}')
    parser = argparse.ArgumentParser()
    parser.add_argument('options', nargs='*', action=DictAction)
    return parser.parse_args(options).options or {}
