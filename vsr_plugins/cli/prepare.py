"""Create the folders and annotation files that the configs read from a downloaded data set.

DST is the data root, one for all data sets: ``vsr prepare vid4 SRC DST`` creates DST/Vid4, and with VSR_DATA_ROOT=DST
every config finds its data. The command can be stopped and run again, and never overwrites a file.
"""

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .progress import counted_progress

HELP = 'create the folders and annotation files that the configs read'

KINDS = {
    'vid4': 'Vid4: GT, BIx4 and BDx4 of four clips',
    'reds': 'REDS: 270 clips, train_sharp and train_sharp_bicubic/X4',
    'vimeo90k': 'Vimeo-90K septuplets: GT, BIx4 and BDx4',
    'spmcs': 'SPMCS: GT, BIx4 and BDx4 of thirty clips',
    'set5': 'Set5: GT and BIx4 of five images, each a clip of one frame',
    'clips': 'any folder of clips (folders of frames, video files), for training, with scenes held out',
    'patches': 'a bank of patches for fast training, from clips, prepared data sets and photographs',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    kinds = parser.add_subparsers(dest='kind', required=True, metavar='KIND')
    for name, text in KINDS.items():
        kind = kinds.add_parser(name, help=text, description=text)
        if name == 'patches':
            kind.add_argument(
                'src',
                metavar='SRC',
                type=Path,
                nargs='*',
                help='folders of clips, or data sets made by vsr prepare, whose training list is used',
            )
        elif name == 'clips':
            kind.add_argument(
                'src', metavar='SRC', type=Path, nargs='+', help='folders of clips, combined into one data set'
            )
        else:
            kind.add_argument('src', metavar='SRC', type=Path, help='folder of the unpacked data set')
        if name != 'patches':
            kind.add_argument(
                '--scale',
                dest='scales',
                type=int,
                nargs='+',
                default=[4],
                metavar='N',
                help='after SRC and DST: scales of the bicubic low resolution, such as 2 3 4 (default: 4)',
            )
            kind.add_argument('--link', action='store_true', help='hard-link unchanged files')
        kind.add_argument('dst', metavar='DST', type=Path, help='the data root, to which VSR_DATA_ROOT is set')
        kind.add_argument('--workers', type=int, help='frames processed in parallel (default: one per CPU)')
        if name in ('vid4', 'vimeo90k', 'spmcs'):
            kind.add_argument(
                '--bd',
                choices=('duf', 'mmagic'),
                default='duf',
                help='grid of BDx4: pixels 0, 4, 8, ... (duf, default) or the middle of each block (mmagic)',
            )
        if name == 'reds':
            kind.add_argument('--subset', choices=('full', 'reds4'), default='full', help='reds4: only the test clips')
        if name == 'reds':
            kind.add_argument(
                '--frames',
                choices=('sharp', 'blur', 'blur_comp'),
                default='sharp',
                help='blur, blur_comp: the input of deblurring, beside the sharp frames of another run',
            )
        if name in ('clips', 'patches'):
            note = 'of unprepared clips; 0 for none' if name == 'patches' else '1 for testing only'
            kind.add_argument(
                '--val-fraction', type=float, default=0.1, help=f'share of scenes held out (default: 0.1), {note}'
            )
            kind.add_argument(
                '--val', nargs='+', default=(), metavar='NAME', help='clips or scenes to hold out instead'
            )
        if name == 'patches':
            _add_patch_arguments(kind)


def _add_patch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('--photos', type=Path, metavar='DIR', help='photographs to render as moving clips')
    parser.add_argument('--clips-per-photo', type=int, default=4, metavar='N', help='clips per photograph (default: 4)')
    parser.add_argument('--frames', type=int, default=7, metavar='N', help='frames in a record (default: 7)')
    parser.add_argument(
        '--patch-size', type=int, default=160, metavar='N', help='side of a record, high resolution (default: 160)'
    )
    parser.add_argument('--scale', type=int, default=4, metavar='N', help='downsampling factor (default: 4)')
    parser.add_argument(
        '--degradation',
        default='BI',
        metavar='KIND',
        help="BI (default), 'BD duf', 'BD mmagic', or none to leave it to the training",
    )
    parser.add_argument(
        '--train-list', type=Path, metavar='FILE', help='the training list to use, if there are several'
    )


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    make = _make_bank if args.kind == 'patches' else _make_data_set
    with counted_progress('reading the source') as update:
        summary, description = make(args, update)
    print(f'{summary.folder}: {description}')
    print(f'export VSR_DATA_ROOT={shlex.quote(str(args.dst.resolve()))}')
    return 0


def _make_data_set(args: argparse.Namespace, update: Callable) -> tuple[Any, str]:
    from .. import apis

    options = {
        name: getattr(args, name)
        for name in ('bd', 'subset', 'val_fraction', 'val', 'scales', 'frames')
        if name in args
    }
    plan = getattr(apis, f'plan_{args.kind}')(args.src, **options)
    summary = apis.execute(plan, args.src, args.dst, args.workers, args.link, update)
    done = f'{summary.made} files made, {summary.found} existed'
    return summary, f'{summary.clips} clips, {summary.frames} frames; {done}'


def _make_bank(args: argparse.Namespace, update: Callable) -> tuple[Any, str]:
    from ..apis import BankSpec, plan_patches, write_patches

    spec = BankSpec(args.frames, args.patch_size, args.scale, args.degradation)
    plan = plan_patches(args.src, spec, args.photos, args.clips_per_photo, args.val_fraction, args.val, args.train_list)
    sources = [*args.src, *([args.photos] if args.photos else [])]
    summary = write_patches(plan, sources, args.dst, args.workers, update)
    size = sum(path.stat().st_size for path in summary.folder.glob('*.npy')) / 1e6
    done = f'{summary.made} shards made, {summary.found} existed'
    return summary, f'{summary.frames} records in {summary.clips} shards, {size:.0f} MB; {done}'
