"""Make the folders and annotation files that the configs name from a data set as it was downloaded.

DST is the data root, one for all data sets: ``vsr prepare vid4 SRC DST`` makes DST/Vid4, and with VSR_DATA_ROOT=DST
every config finds what it needs. The command can be stopped and run again, and never writes over a file.
"""

import argparse
import functools
import shlex
from pathlib import Path

HELP = 'make the folders and annotation files that the configs name'

KINDS = {
    'vid4': 'Vid4: GT, BIx4 and BDx4 of four clips',
    'reds': 'REDS: 270 clips, train_sharp and train_sharp_bicubic/X4',
    'vimeo90k': 'Vimeo-90K septuplets: GT, BIx4 and BDx4',
    'spmcs': 'SPMCS: GT, BIx4 and BDx4 of thirty clips',
    'set5': 'Set5: GT and BIx4 of five pictures, each a clip of one frame',
    'clips': 'any folder of clips (folders of frames, video files), for training, with scenes held out',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    kinds = parser.add_subparsers(dest='kind', required=True, metavar='KIND')
    for name, text in KINDS.items():
        kind = kinds.add_parser(name, help=text, description=text)
        if name == 'clips':
            kind.add_argument('src', metavar='SRC', type=Path, nargs='+', help='folders of clips, for one set of them')
        else:
            kind.add_argument('src', metavar='SRC', type=Path, help='where the data set was unpacked')
        kind.add_argument('dst', metavar='DST', type=Path, help='the data root, that is what VSR_DATA_ROOT is set to')
        kind.add_argument('--workers', type=int, help='frames made beside each other (default: one a CPU)')
        kind.add_argument('--link', action='store_true', help='hard-link files that are kept as they are')
        if name in ('vid4', 'vimeo90k', 'spmcs'):
            kind.add_argument(
                '--bd',
                choices=('duf', 'mmagic'),
                default='duf',
                help='grid of BDx4: pixels 0, 4, 8, ... (duf, default) or the middle of each block (mmagic)',
            )
        if name == 'reds':
            kind.add_argument('--subset', choices=('full', 'reds4'), default='full', help='reds4: the test clips alone')
        if name == 'clips':
            kind.add_argument(
                '--val-fraction',
                type=float,
                default=0.1,
                help='share of scenes held out (default: 0.1); 1 for clips to be measured alone',
            )
            kind.add_argument(
                '--val', nargs='+', default=(), metavar='NAME', help='clips or scenes to hold out instead'
            )


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from ..datasets import prepare

    plan = getattr(prepare, f'plan_{args.kind}')
    options = {name: getattr(args, name) for name in ('bd', 'subset', 'val_fraction', 'val') if name in args}
    console = Console(stderr=True)
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task('looking at the source', total=None)
        planned = plan(args.src, **options)
        progress.update(task, description=planned.folder)
        update = functools.partial(_update, progress, task)
        summary = prepare.carry_out(planned, args.src, args.dst, args.workers, args.link, update)
    done = f'{summary.made} files made, {summary.found} were there'
    print(f'{summary.folder}: {summary.clips} clips, {summary.frames} frames; {done}')
    print(f'export VSR_DATA_ROOT={shlex.quote(str(args.dst.resolve()))}')
    return 0


def _update(progress: object, task: int, done: int, total: int) -> None:
    progress.update(task, completed=done, total=total)
