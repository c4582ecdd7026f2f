"""Train a small network on photographs in motion, measure it against bicubic, draw pictures and write a video.

Everything comes with the installation. Stopped and started again, it goes on where it was.
"""

import argparse
from pathlib import Path

HELP = 'train, measure, draw and play a small network; a few minutes on two cores'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('--out', type=Path, default=Path('work_dirs/demo'), help='where to (default: work_dirs/demo)')
    parser.add_argument('--config', type=Path, help='another config (default: latent_attn_demo)')
    parser.add_argument('--iters', type=int, help='train so many iterations instead of what the config says')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command; the status is 1 if bicubic is the better one."""
    from rich.console import Console

    from ..apis import demonstrate

    options = {}
    if args.iters is not None:
        if args.iters < 1:
            raise ValueError(f'--iters must be at least 1, but got {args.iters}')
        options = {'train_cfg.max_iters': args.iters, 'train_cfg.val_interval': args.iters}
    made = demonstrate(args.out, args.config, options)
    Console(width=120).print(made.table.to_rich())
    print(f'The trained network is {made.gain:+.2f} dB against bicubic on clips it was not trained on.')
    if made.video_by is not None:
        print(f'The video is by the pretrained model {made.video_by}, which is ahead of it.')
    for path in made.files:
        print(path)
    return int(made.gain <= 0)
