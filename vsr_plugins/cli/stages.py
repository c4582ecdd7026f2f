"""Train configs one after the other; a config can start from the weights of earlier ones.

A training that was stopped resumes when the command is run again. An existing stage that was trained differently (other
options, a changed config, different initial weights) is an error unless --keep accepts it.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

HELP = 'train the stages of a method one after the other; resumes where it was stopped'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument(
        'configs', type=Path, nargs='+', help='configs in training order, or names of configs of this package'
    )
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs'), help='parent of the work directories (default: work_dirs)'
    )
    parser.add_argument('--gpus', type=int, default=1, help='processes to train by, one a GPU (default: 1)')
    parser.add_argument('--cfg-options', nargs='+', default=[], metavar='KEY=VALUE', help='changes to every config')
    parser.add_argument('--keep', action='store_true', help='accept existing trainings that differ from the configs')


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
        gpus=args.gpus,
    )
    for path in paths:
        print(path)
    return 0


def parse_options(options: Sequence[str]) -> dict[str, object]:
    """Parse the values of ``--cfg-options`` to a dict, with numbers and lists as mmengine reads them.

    Raises:
        ValueError: If an option is not KEY=VALUE.
    """
    from mmengine.config import DictAction

    for option in options:
        if '=' not in option:
            raise ValueError(f'--cfg-options takes KEY=VALUE, but got {option!r}')
    parser = argparse.ArgumentParser()
    parser.add_argument('options', nargs='*', action=DictAction)
    return parser.parse_args(options).options or {}
