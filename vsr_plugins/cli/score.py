"""Measure frames or a video of any method against ground truth under a named protocol.

Either side is a video file, a folder of frames, or a folder of clips. Frames are matched by natural order, clips by
name.
"""

import argparse
import sys
from pathlib import Path

HELP = 'measure frames or a video under a named protocol'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('prediction', metavar='PRED', type=Path, nargs='?', help='frames or video of the method')
    parser.add_argument('target', metavar='GT', type=Path, nargs='?', help='ground truth')
    parser.add_argument('--protocol', metavar='NAME', default='basicvsr', help='protocol (default: basicvsr)')
    parser.add_argument(
        '--metrics',
        nargs='+',
        default=['PSNR', 'SSIM'],
        metavar='NAME',
        help='metrics: PSNR, SSIM (default), LPIPS, DISTS, NIQE, VMAF, tOF, Ewarp (flicker)',
    )
    parser.add_argument('--list-protocols', action='store_true', help='print the protocols and exit')
    parser.add_argument('--title', default='', help="title of the table (default: the prediction's folder)")
    parser.add_argument('--json', metavar='FILE', type=Path, help='write all values to FILE; - for standard output')
    parser.add_argument('--markdown', metavar='FILE', type=Path, help='write the table to FILE; - for standard output')
    parser.add_argument('--force', action='store_true', help='replace existing output files')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from rich.console import Console

    from ..apis import PROTOCOLS, atomic_write, get_protocol, require_output

    if args.list_protocols:
        for protocol in PROTOCOLS.values():
            print(f'{protocol}\n    {protocol.source}')
        return 0
    if args.prediction is None or args.target is None:
        raise ValueError('PRED and GT are required; see vsr score --help')
    protocol = get_protocol(args.protocol)
    outputs = {path: f'to_{form}' for form in ('json', 'markdown') if (path := getattr(args, form)) is not None}
    if args.json is not None and args.json == args.markdown:
        raise ValueError(f'--json and --markdown write to the same place, {args.json}; name another for one of them')
    for path in outputs:
        if not path.parent.is_dir():
            raise FileNotFoundError(f'no folder {path.parent} for {path}; create it first')
        if str(path) != '-':
            require_output(path, args.force)

    table = _score(args, protocol)
    if Path('-') not in outputs:
        Console(width=None if sys.stdout.isatty() else 120).print(table.to_rich())
    for path, form in outputs.items():
        text = getattr(table, form)()
        if str(path) == '-':
            print(text, end='')
        else:
            with atomic_write(path) as partial:
                partial.write_text(text, encoding='utf-8')
    return 0


def _score(args: argparse.Namespace, protocol: object) -> object:
    from rich.console import Console
    from rich.progress import Progress

    from ..apis import ScoreTable, find_measures, score_folders

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task('measuring', total=None)
        scores = score_folders(
            args.prediction,
            args.target,
            protocol,
            find_measures(args.metrics),
            on_frame=lambda done, total: progress.update(task, completed=done, total=total),
            report=lambda line: print(f'vsr score: {line}', file=sys.stderr),
        )
    title = args.title or args.prediction.resolve().name
    return ScoreTable(title, {title: scores})
