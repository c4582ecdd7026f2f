"""The console command ``vsr``: one file a sub-command, each a thin door to a function of the package.

A sub-command is a module of this package with ``HELP`` (one line), ``add_arguments(parser)`` and ``run(args) -> int``.
Modules import what is heavy inside ``run``, so that ``vsr --help`` stays quick.
"""

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module

from ..version import __version__

COMMANDS = (
    'doctor',
    'upscale',
    'prepare',
    'split',
    'explain',
    'score',
    'compare',
    'table',
    'convert',
    'export',
    'stages',
    'demo',
)


def build_parser() -> argparse.ArgumentParser:
    """The parser of ``vsr`` with all its sub-commands."""
    parser = argparse.ArgumentParser(
        prog='vsr', description='Video super-resolution: prepare data, measure, demonstrate.'
    )
    parser.add_argument('--version', action='version', version=f'vsr_plugins {__version__}')
    commands = parser.add_subparsers(dest='command', required=True, metavar='COMMAND')
    for name in COMMANDS:
        module = import_module(f'{__name__}.{name}')
        command = commands.add_parser(name, help=module.HELP, description=module.__doc__)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``vsr`` and return its exit status: 0 done, 1 the answer is no, 2 the input is at fault."""
    args = build_parser().parse_args(argv)
    try:
        return args.run(args)
    except (ValueError, OSError, MemoryError) as error:
        print(f'vsr {args.command}: error: {format_error(error)}', file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f'vsr {args.command}: stopped', file=sys.stderr)
        return 130
    except Exception as error:
        # What FFmpeg says has a class of its own, which is there only if it was needed.
        if 'av' not in sys.modules or not isinstance(error, sys.modules['av'].FFmpegError):
            raise
        print(f'vsr {args.command}: error: {format_error(error)}', file=sys.stderr)
        return 2


def format_error(error: BaseException) -> str:
    """What an error says, without the system's number of it."""
    filename, reason = getattr(error, 'filename', None), getattr(error, 'strerror', None)
    if reason:
        return reason if filename is None else f'{filename}: {reason}'
    return str(error)
