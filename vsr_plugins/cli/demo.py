"""Train a small network on moving photographs, compare it with bicubic, draw pictures and write a video.

All data come with the installation. A demonstration that was stopped resumes when it is run again.
"""

import argparse
from pathlib import Path

HELP = 'train and compare a small network, draw pictures, write a video; a few minutes on two cores'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/demo'), help='output folder (default: work_dirs/demo)'
    )
    parser.add_argument('--config', type=Path, help='another config (default: latent_attn_demo)')
    parser.add_argument('--iters', type=int, help='number of training iterations (default: as in the config)')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command; return 1 if bicubic is better or equal."""
    from rich.console import Console

    from ..apis import demonstrate

    options = {}
    if args.iters is not None:
        if args.iters < 1:
            raise ValueError(f'--iters must be at least 1, but got {args.iters}')
        options = {'train_cfg.max_iters': args.iters, 'train_cfg.val_interval': args.iters}
    demonstration = demonstrate(args.out, args.config, options)
    Console(width=120).print(demonstration.table.to_rich())
    print(f'The trained network gains {demonstration.gain:+.2f} dB over bicubic on clips it was not trained on.')
    if demonstration.video_by is not None:
        print(f'The video shows the pretrained model {demonstration.video_by}, which is better.')
    for path in demonstration.files:
        print(path)
    return int(demonstration.gain <= 0)
