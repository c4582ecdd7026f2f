"""Convert released weights of other implementations to the format of this package's networks, or blend two trainings.

With --blend, OUT lies between IN and another training of the same network, such as RRDBNet trained for PSNR and ESRGAN.
The output is safetensors or a PyTorch checkpoint, by its suffix, for --checkpoint, load_from and init_cfg.
"""

import argparse
import json
import sys
from pathlib import Path

HELP = 'convert released weights of other implementations'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('weights', metavar='IN', type=Path, nargs='?', help='released weights')
    parser.add_argument('output', metavar='OUT', type=Path, nargs='?', help='file to write: .safetensors or .pth')
    parser.add_argument('--from', dest='source', metavar='NAME', help='origin of the weights; see --list')
    parser.add_argument('--list', action='store_true', help='print the names for --from and exit')
    parser.add_argument(
        '--about',
        metavar='WEIGHTS',
        help='print how weights were trained and exit: a file, a checkpoint of a training, or pretrained:NAME',
    )
    parser.add_argument(
        '--prefix', default='generator.', help="prefix of each name; '' for a bare network (default: generator.)"
    )
    parser.add_argument(
        '--without',
        metavar='PREFIX',
        nargs='+',
        action='extend',
        default=[],
        help='after IN and OUT: omit weights whose names in the network begin with PREFIX, for a network without that '
        'part (Zooming Slow-Mo without interpolation: --without pyramid. interpolation.)',
    )
    parser.add_argument(
        '--blend', metavar='WEIGHTS', type=Path, help='instead of --from: other weights of the network of IN'
    )
    parser.add_argument(
        '--share', metavar='ALPHA', type=float, default=0.8, help='share of the --blend weights in OUT (default: 0.8)'
    )
    parser.add_argument('--half', action='store_true', help='write half precision, half the size')
    parser.add_argument('--force', action='store_true', help='replace an existing OUT')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from ..apis import convert_weights, find_converters, interpolate_files, note_of

    if args.list:
        _print_sources(find_converters())
        return 0
    if args.about is not None:
        _print_provenance(args.about)
        return 0
    if args.blend is not None:
        if args.source is not None or args.weights is None or args.output is None:
            raise ValueError('--blend WEIGHTS takes IN and OUT, and no --from: convert both first')
        if not 0 <= args.share <= 1:
            raise ValueError(f'--share must be between 0 and 1, but got {args.share:g}')
        count = interpolate_files(args.weights, args.blend, args.output, args.share, args.force, args.half)
        print(f'{args.output}: {count} tensors')
        return 0
    if args.source is None or args.weights is None or args.output is None:
        hint = 'write --without after IN and OUT' if args.without else 'see vsr convert --help'
        raise ValueError(f'--from NAME, IN and OUT are required; {hint}')
    if args.output.exists() and args.output.samefile(args.weights):
        raise ValueError(f'{args.output} is both IN and OUT, and would lose all but the weights; name another OUT')
    options = (args.prefix, args.force, args.half, args.without, note_of(args.weights))
    count = convert_weights(args.source, args.weights, args.output, *options)
    print(f'{args.output}: {count} tensors')
    return 0


def _print_provenance(weights: str) -> None:
    from dataclasses import asdict

    from ..apis import read_provenance, read_record

    if Path(weights).suffix == '.pth' and Path(weights).is_file() and (record := read_record(weights)) is not None:
        print(json.dumps(record, indent=2))
        return
    provenance = read_provenance(weights)
    if provenance is None:
        raise ValueError(f'{weights} has no record of its training')
    for name, value in asdict(provenance).items():
        if isinstance(value, dict):
            value = ', '.join(f'{key} {part}' for key, part in value.items())
        elif isinstance(value, tuple):
            value = ', '.join(value)
        print(f'{name.replace("_", " "):12} {value or "–"}')


def _print_sources(modules: dict) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ('name', 'network', 'weights'):
        table.add_column(heading, overflow='fold')
    for name, module in modules.items():
        table.add_row(name, module.NETWORK, escape(module.__doc__.splitlines()[0]))
    Console(width=None if sys.stdout.isatty() else 160).print(table)
