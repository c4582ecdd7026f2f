"""Soft against hard attention, trained alike on real clips.

Section 3.2 of the latent-attention paper: soft attention sums values by their weights, hard attention takes the value
of one drawn key, "which is more challenging in training". Both networks here have the same parameters, start from the
same weights and see the same samples; hard attention learns by equation 7. Printed are the PSNR of the held-out clips
as the trainings go, and the time of an iteration.

    python benchmarks/hard_attention.py [--width 16] [--iterations 1200] [--layout LLSLL] [--policy-weight 1]

The clips are those of `vsr prepare clips` under VSR_DATA_ROOT and the photographs of VSR_PHOTOS.
"""

import argparse

import numpy as np
from latent_training import add_arguments, train

from vsr_plugins.models.blocks.fast.allocator import keep_freed_memory

VALIDATIONS = 4


def curve(args: argparse.Namespace, hard: bool) -> tuple[list[float], float]:
    """PSNR of the held-out clips at each validation, and the median time of an iteration in the second half."""
    settings = ('hard' if hard else 'soft', args.layout, args.width, args.iterations, args.policy_weight)
    runner = train(
        args.out / '_'.join(map(str, ('hard_attention', *settings))),
        args.iterations,
        args.lr,
        generator=dict(mid_channels=args.width, attn_layout=args.layout, hard_attention=hard),
        model=dict(value_range=255.0, policy_weight=args.policy_weight if hard else 0.0),
        validations=VALIDATIONS,
    )
    times = runner.message_hub.get_scalar('train/time').data[0]
    psnrs = runner.message_hub.get_scalar('val/clips/PSNR').data[0]
    return [float(value) for value in psnrs], float(np.median(times[len(times) // 2 :]))


def main() -> None:
    """Train twice and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument('--layout', default='LLSLL', help='blocks, L long range and S short range')
    parser.add_argument('--iterations', type=int, default=1200, help='of each training')
    parser.add_argument('--policy-weight', type=float, default=1.0, help='alpha of equation 7')
    args = parser.parse_args()
    keep_freed_memory()

    results = {name: curve(args, hard) for name, hard in (('soft', False), ('hard', True))}
    print(f'{"iteration":>12}' + ''.join(f'{name:>10}' for name in results))
    for number in range(VALIDATIONS):
        iteration = (number + 1) * (args.iterations // VALIDATIONS)
        print(f'{iteration:>12}' + ''.join(f'{psnrs[number]:>10.2f}' for psnrs, _ in results.values()))
    print(f'{"s an iter.":>12}' + ''.join(f'{seconds:>10.3f}' for _, seconds in results.values()))


if __name__ == '__main__':
    main()
