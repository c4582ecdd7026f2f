"""Compare videos or folders of frames in a picture, in a split-screen video if --out names a video, or in a page.

--html writes one page for versions of any size and length, such as the input and the output of an upscale; it works
from the file, without a network. Each version is a path, or NAME=PATH. With ground truth each version is labelled with
its PSNR.
"""

import argparse
import sys
from pathlib import Path

HELP = 'draw several versions of a video side by side, with crops and temporal profiles'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('versions', nargs='+', metavar='[NAME=]PATH', help='a video, or a folder of frames')
    parser.add_argument('--against', metavar='GT', help='ground truth: a video, or a folder of frames')
    parser.add_argument('--out', type=Path, metavar='FILE', help='picture or video (default: comparison.png)')
    parser.add_argument(
        '--html', type=Path, metavar='FILE', help='page with slider, zoom, scrubber, profiles and curves'
    )
    parser.add_argument(
        '--crop', metavar='X,Y,W,H', type=_crop, help='crop to enlarge (default: where versions differ)'
    )
    parser.add_argument('--frame', type=int, metavar='N', help='frame to show, from 0 (default: the middle one)')
    parser.add_argument(
        '--protocol', metavar='NAME', default='basicvsr', help='protocol of the PSNR (default: basicvsr)'
    )
    parser.add_argument('--force', action='store_true', help='replace an existing file')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command; return 1 if one of the versions is damaged."""
    from rich.console import Console

    from ..apis import ScoreTable, compare_videos, get_protocol, name_versions, write_comparison_page

    versions = name_versions(args.versions, args.against)
    if args.html is not None:
        protocol = get_protocol(args.protocol)
        shown = write_comparison_page(versions, args.html, args.against, protocol, args.force)
        print(f'{args.html}: {", ".join(f"{one.name} ({len(one.times)} frames)" for one in shown)}')
        if args.out is None:
            return 0
    done = compare_videos(
        versions,
        args.out or Path('comparison.png'),
        args.against,
        args.crop,
        args.frame,
        get_protocol(args.protocol),
        args.force,
    )
    if done.scores:
        Console(width=None if Console().is_terminal else 120).print(
            ScoreTable('against ' + str(args.against), done.scores).to_rich()
        )
    top, left, height, width = done.window
    print(f'{done.path}: frame {done.frame}, crop {left},{top},{width},{height}')
    for path, damage in done.damage.items():
        print(f'vsr compare: {path} is damaged: {damage}; the readable frames are compared', file=sys.stderr)
    return 1 if done.damage else 0


def _crop(text: str) -> tuple[int, ...]:
    numbers = text.split(',')
    if len(numbers) != 4 or not all(number.strip().lstrip('-').isdigit() for number in numbers):
        raise argparse.ArgumentTypeError(f'must be four whole numbers X,Y,W,H, but got {text!r}')
    return tuple(int(number) for number in numbers)
