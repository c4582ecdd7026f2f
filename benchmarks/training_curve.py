"""PSNR of the held-out clips over a training, from the scalars that mmengine writes beside the checkpoints.

    python benchmarks/training_curve.py SCALARS... OUT.png [--bicubic PSNR]

SCALARS are `WORK_DIR/*/vis_data/scalars.json`, or the `.jsonl` files in `results`; several of
one training, which was resumed, make one curve.
"""

import argparse
import json
from pathlib import Path

from matplotlib.figure import Figure


def main() -> None:
    """Draw the curve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('scalars', type=Path, nargs='+')
    parser.add_argument('out', type=Path)
    parser.add_argument('--metric', default='clips/PSNR')
    parser.add_argument('--bicubic', type=float, help='what bicubic reaches on the same clips')
    args = parser.parse_args()

    records = [json.loads(line) for path in args.scalars for line in path.read_text().splitlines()]
    curve = sorted({record['step']: record[args.metric] for record in records if args.metric in record}.items())
    if not curve:
        raise SystemExit(f'no {args.metric} in {", ".join(map(str, args.scalars))}')
    figure = Figure(figsize=(6.4, 3.6), layout='constrained', dpi=150)
    axes = figure.subplots()
    axes.plot(*zip(*curve, strict=True), marker='o', color='#1f5fa8', label='network')
    if args.bicubic is not None:
        axes.axhline(args.bicubic, color='#9ca3af', linestyle='--', label='bicubic')
        axes.legend(frameon=False)
    axes.set(xlabel='iteration', ylabel='PSNR of the held-out clips, dB (Y)')
    axes.grid(alpha=0.3)
    axes.spines[['top', 'right']].set_visible(False)
    figure.savefig(args.out)


if __name__ == '__main__':
    main()
