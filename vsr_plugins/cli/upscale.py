"""Upscale a video with a network; audio, subtitles, frame times, colours and bit depth are kept.

IN is a video file, a folder of images in natural order, a glob of images (in quotes) or a template such as
frame_%04d.png. OUT is a video file, or a folder for PNG images. Each scene is restored separately.

With several IN, or a folder of videos as IN, OUT is a folder, and each IN is written to a file of the same name in it.
So it is with one video if OUT is an existing folder or ends in a slash.

OUT is written atomically. An unfinished upscale is kept in a hidden folder beside it; --resume continues it.

torchrun --nproc-per-node N --no-python vsr upscale ... shares one or several videos among N processes or machines.
"""

import argparse
import signal
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from .progress import FrameProgress

HELP = 'upscale a video with a network'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument('paths', metavar='IN ... OUT', nargs='*', help='one or more sources, then the target')
    parser.add_argument('--list-models', action='store_true', help='print the pretrained models, best first, and exit')
    parser.add_argument('--all', action='store_true', help='with --list-models: also steps and variants of trainings')
    parser.add_argument(
        '--list-encoders', action='store_true', help='print the encoders that this machine can open, and exit'
    )

    model = parser.add_argument_group('model')
    model.add_argument(
        '--model',
        metavar='NAME',
        help='pretrained model: a name of --list-models or a unique prefix of one, or a file of vsr export '
        '(default: the best available)',
    )
    model.add_argument(
        '--config',
        metavar='FILE',
        type=Path,
        help='config of your own or of upstream, or the name of a config of this package',
    )
    model.add_argument('--checkpoint', metavar='FILE', type=Path, help='its weights')

    source = parser.add_argument_group('source')
    source.add_argument(
        '--start', metavar='TIME', type=_seconds, default=0.0, help='skip the beginning, as 90.5 or 1:30.5 (default: 0)'
    )
    source.add_argument('--duration', metavar='TIME', type=_seconds, help='duration to upscale (default: all)')
    source.add_argument('--fps', type=_rate, help='frames per second of images (default: 25), such as 30000/1001')

    source.add_argument(
        '--deinterlace',
        choices=('auto', 'fields', 'off'),
        default='auto',
        help='how bwdif makes interlaced frames progressive: auto makes a frame of each, fields a frame of each of '
        'their fields, at twice the rate (default: auto)',
    )

    target = parser.add_argument_group('target')
    size = target.add_mutually_exclusive_group()
    size.add_argument('--scale', metavar='FACTOR', type=_rate, help='scale of OUT (default: that of the network)')
    size.add_argument('--size', metavar='WxH', type=_size, help='width and height of OUT, as 1920x1080')
    size.add_argument('--height', metavar='PIXELS', type=int, help='height of OUT; the width follows')
    target.add_argument(
        '--preview',
        metavar='TIME',
        type=_seconds,
        help='upscale only so much, with the bicubic enlargement of IN to the left',
    )
    target.add_argument('--images', metavar='DIR', type=Path, help='also write PNG images to DIR')
    target.add_argument(
        '--ext',
        help="ending of the files in a folder, such as mp4; png for images (default: the source's, or mkv)",
    )
    target.add_argument(
        '--format',
        choices=('nut', 'matroska', 'y4m'),
        default='nut',
        help='format of the video on standard output, if OUT is - (default: nut)',
    )
    target.add_argument('--suffix', metavar='TEXT', default='', help='text to add to the names of files in a folder')
    target.add_argument('--recursive', action='store_true', help='also take the videos in subfolders of IN')
    target.add_argument('--codec', help="encoder, such as libx264, libx265, ffv1 (default: the source's codec)")
    target.add_argument(
        '--crf', type=int, help="constant quality in the encoder's own numbers, low is good (default: near lossless)"
    )
    target.add_argument(
        '--pix-fmt', metavar='NAME', help='pixel format, such as yuv444p (default: near to the source; 4:2:0 from RGB)'
    )
    target.add_argument(
        '--encoder-options',
        metavar='KEY=VALUE',
        action='append',
        type=_option,
        help='an option of the encoder, as preset=slow; may be repeated',
    )
    target.add_argument(
        '--background',
        metavar='COLOR',
        default='black',
        help='shows through transparent frames where OUT cannot hold transparency (default: black)',
    )
    target.add_argument(
        '--audio',
        choices=('auto', 'copy', 'transcode', 'none'),
        default='auto',
        help='auto copies what OUT takes and transcodes the rest (default: auto)',
    )
    target.add_argument('--no-audio', action='store_const', dest='audio', const='none', help='the same as --audio none')
    target.add_argument('--no-subtitles', action='store_true', help='omit the subtitles')
    target.add_argument('--force', action='store_true', help='replace an existing OUT')
    target.add_argument('--resume', action='store_true', help='resume an interrupted upscale')
    target.add_argument(
        '--segment',
        metavar='FRAMES',
        type=int,
        default=240,
        help='unit of resuming and of sharing among processes (default: 240)',
    )
    target.add_argument(
        '--on-interrupt',
        choices=('keep', 'discard'),
        default='keep',
        help='Ctrl-C writes a playable OUT of the finished frames, or nothing (default: keep)',
    )

    compute = parser.add_argument_group('computing')
    compute.add_argument('--device', help='cpu, cuda, cuda:1, ... (default: cuda if available)')
    compute.add_argument('--precision', choices=('auto', 'float32', 'half'), default='auto', help='(default: auto)')
    compute.add_argument(
        '--tile',
        metavar='N',
        default='auto',
        help='tile size in pixels of IN, 0 for no tiles (default: auto, by memory)',
    )


def run(args: argparse.Namespace) -> int:
    """Run the sub-command; return 1 if a source is damaged, 2 if one of several could not be upscaled."""
    if args.list_models:
        _print_models(args.all)
        return 0
    if args.list_encoders:
        _print_encoders()
        return 0
    if len(args.paths) < 2:
        raise ValueError(f'IN and OUT are required, but got only {args.paths}; see vsr upscale --help')
    if not all(args.paths):
        raise ValueError(f"IN and OUT must not be empty, but got '' in {args.paths}")
    if args.tile != 'auto' and not args.tile.isdecimal():
        raise ValueError(f"--tile must be a number of pixels or 'auto', but got {args.tile!r}")
    from ..apis import interrupted_once

    naming, options = _options(args)
    # SIGTERM is handled like Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with interrupted_once():
            return _upscale(args.paths, naming, options, args.format)
    except KeyboardInterrupt as interrupt:
        print(f'vsr upscale: {interrupt or "stopped"}', file=sys.stderr)
        return 130
    finally:
        signal.signal(signal.SIGTERM, before)


def _options(args: argparse.Namespace) -> tuple['Naming', dict[str, Any]]:  # noqa: F821
    """Return the names in a folder, and the keyword arguments of ``upscale``."""
    from ..apis import JobOptions, ModelOptions, Naming, OutputOptions, SourceOptions

    tile = None if args.tile == 'auto' else int(args.tile)
    return Naming(args.ext, args.suffix, args.recursive), dict(
        model=ModelOptions(args.model, args.config, args.checkpoint, args.device, args.precision, tile),
        part=SourceOptions(
            args.start,
            args.duration if args.preview is None else args.preview,
            args.fps,
            {'auto': True, 'off': False}.get(args.deinterlace, args.deinterlace),
        ),
        output=OutputOptions(
            args.images,
            args.codec,
            args.crf,
            args.audio,
            not args.no_subtitles,
            args.pix_fmt,
            dict(args.encoder_options or ()),
            args.scale,
            args.size,
            args.height,
            args.preview is not None,
            args.background,
        ),
        job=JobOptions(args.force, args.resume, args.on_interrupt, args.segment),
    )


def _print_models(with_steps: bool) -> None:
    """Print the names for --model, with scores and how to get the weights."""
    from rich.console import Console
    from rich.table import Table

    from ..apis import PRETRAINED, RESULTS, available_models, default_model, install_hint

    available, default = available_models(), default_model()
    table = Table(box=None, pad_edge=False)
    for heading in ('name', 'method', 'scale', 'trained for'):
        table.add_column(heading, no_wrap=heading == 'name')
    for heading in ('PSNR on held-out clips', 'PSNR on Vid4', 's a frame'):
        table.add_column(heading, justify='right')
    table.add_column('weights', overflow='fold')
    for entry in PRETRAINED:
        # Results of a clone are steps and variants of trainings, but for models of use 'unasked' or for real footage.
        of_clone = entry.use == 'named' and any(file.place == RESULTS for file in entry.files)
        is_step = of_clone and entry.trained_for != 'real footage'
        # Without a clone none of them is listed as missing.
        if entry.use == 'part' or (is_step and not with_steps) or (of_clone and entry not in available):
            continue
        where = 'available' if entry in available else install_hint(entry)
        table.add_row(
            f'{entry.name} *' if entry is default else entry.name,
            entry.method,
            f'x{entry.scale}',
            entry.trained_for,
            f'{entry.held_out:.2f}' if entry.held_out else '–',
            f'{entry.vid4[0]:.2f}' if entry.vid4 else '–',
            f'{entry.seconds:.2g}' if entry.seconds else '–',
            where if entry.files else 'none needed',
        )
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False, markup=False)
    console.print(table)
    console.print('* the default model')
    console.print(
        'Released weights come first; weights trained here follow by their PSNR on the held-out clips, and bicubic.\n'
        'PSNR: Y, protocol basicvsr, on the degradation that the weights were trained for.'
    )
    console.print('Seconds: for a frame of 144 x 180 on two CPU cores of one machine, float32.')


def _print_encoders() -> None:
    from ..apis import list_encoders

    for codec, canonical_name, quality in list_encoders():
        span = '' if quality is None else f'--crf {quality.best} to {quality.worst}, default {quality.default}'
        print(f'{codec:<16}{canonical_name:<12}{span}'.rstrip())


def _seconds(text: str) -> float:
    """Parse seconds, minutes:seconds or hours:minutes:seconds."""
    parts = text.split(':')
    try:
        numbers = [*map(int, parts[:-1]), float(parts[-1])]
    except ValueError:
        numbers = []
    if not 1 <= len(numbers) <= 3 or any(number >= 60 for number in numbers[1:]) or '-' in text[1:]:
        raise argparse.ArgumentTypeError(f'must be a time as 90.5, 1:30.5 or 1:02:03, but got {text!r}')
    seconds = 0.0
    for number in numbers:
        seconds = 60 * seconds + number
    return seconds


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition('x')
    if not (width.isdecimal() and height.isdecimal()):
        raise argparse.ArgumentTypeError(f'must be WIDTHxHEIGHT, as 1920x1080, but got {text!r}')
    return int(height), int(width)


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition('=')
    if not name or not equals:
        raise argparse.ArgumentTypeError(f'must be KEY=VALUE, as preset=slow, but got {text!r}')
    return name, value


def _rate(text: str) -> Fraction:
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise argparse.ArgumentTypeError(f'must be a number or a fraction as 30000/1001, but got {text!r}') from error


def _upscale(paths: list[str], naming: 'Naming', options: dict, pipe_format: str) -> int:  # noqa: F821
    from ..apis import PIPE, piped, plan_targets, upscale, upscale_batch
    from . import format_error

    *sources, target = paths
    is_piped = PIPE in paths
    if is_piped and (len(paths) != 2 or options['job'].resume or naming != type(naming)()):
        raise ValueError(
            f'- stands for one video, from its beginning, but got {paths}; omit --resume, --ext and --suffix'
        )
    targets, is_folder = ({}, False) if is_piped else plan_targets(sources, target, naming)
    if is_folder and options['output'].images is not None:
        raise ValueError(
            f'--images {options["output"].images} works with one video and the name of a video only; write the images '
            'of each video into a folder with --ext png'
        )
    with FrameProgress() as display:
        if is_folder:
            results = upscale_batch(sources, target, display.begin, naming=naming, on_progress=display.show, **options)
        else:
            display.begin(Path('standard input' if sources[0] == PIPE else sources[0]))
            if target == PIPE:  # nobody could resume it
                options['job'] = replace(options['job'], on_interrupt='discard')
            with piped(sources[0], target, pipe_format) as (source, result):
                done = upscale(source, result, on_progress=display.show, **options)
            results = {sources[0]: done if target != PIPE else replace(done, targets=('standard output',))}
    status = 0
    for source, result in results.items():
        if isinstance(result, Exception):
            about = format_error(result)
            about = about if str(source) in about else f'{source}: {about}'
            print(f'vsr upscale: error: {about}', file=sys.stderr)
            status = 2
            continue
        if result.damage:
            print(f'vsr upscale: {source} is damaged: {result.damage}; the readable part is upscaled', file=sys.stderr)
            status = max(status, 1)
        print(_summary(result), file=sys.stdout if sys.stdout.isatty() else sys.stderr)
    return status


def _summary(result: 'Upscaled') -> str:  # noqa: F821
    names = ' and '.join(map(str, result.targets))
    if not result.seconds:
        return f'{names}: complete'
    count = f'{result.read} frame{"s" * (result.read != 1)}'
    speed, share = result.read / result.seconds, result.network_seconds / result.seconds
    return f'{names}: {count} in {result.seconds:.1f} s ({speed:.2f} a second; network {share:.0%})'
