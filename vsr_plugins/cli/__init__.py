"""The console command ``vsr``: one module per sub-command, which parses arguments and calls ``vsr_plugins.apis``.

A sub-command is a module of this package with ``HELP`` (one line), ``add_arguments(parser)`` and ``run(args) -> int``.
Modules import slow dependencies inside ``run``, so that ``vsr --help`` stays fast.
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
    """Build the parser of ``vsr`` with all its sub-commands."""
    parser = argparse.ArgumentParser(
        prog='vsr', description='Video super-resolution: upscale videos, prepare data, train, measure.'
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
    """Run ``vsr`` and return its exit status: 0 success, 1 negative result, 2 invalid input, 130 interrupted."""
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
        # FFmpeg's errors have their own class, which exists only if PyAV was imported.
        if 'av' not in sys.modules or not isinstance(error, sys.modules['av'].FFmpegError):
            raise
        print(f'vsr {args.command}: error: {format_error(error)}', file=sys.stderr)
        return 2


def format_error(error: BaseException) -> str:
    """Format the message of an error, without the system's error number."""
    filename, reason = getattr(error, 'filename', None), getattr(error, 'strerror', None)
    if reason:
        return reason if filename is None else f'{filename}: {reason}'
    return str(error)
