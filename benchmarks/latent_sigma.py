"""Which reading of stage 2 keeps the standard deviations of the latent heads from collapsing, on real clips.

Section 5.3 of the latent-attention paper propagates once, so the one sampled output is in both losses and, without a
KL term, all that a larger sigma does is to raise them. ``dual_pass`` takes L_re from the output of the means. The third
adds the divergence of equation 5 to the first. In the fourth the heads learn by equation 7 instead of through their
samples. All are trained here from the same stage 1, and the mean sigma of the heads, geometric over heads, is printed
as it goes, with the share of the variational loss, the loss and the PSNR of the held-out clips before and after.

    python benchmarks/latent_sigma.py [--width 16] [--stage1 600] [--stage2 600] [--latent-weight 0.1]

The clips are those of `vsr prepare clips` under VSR_DATA_ROOT and the photographs of VSR_PHOTOS.
"""

import argparse
import math
from pathlib import Path

from latent_training import add_arguments, train
from mmengine.runner import Runner

from vsr_plugins.models.blocks.fast.allocator import keep_freed_memory


def train_stage(args: argparse.Namespace, stage: int, name: str, start: Path | None = None, **model: object) -> Runner:
    """One training of that stage; the runner when it is done."""
    iterations, lr = (args.stage1, 1e-3) if stage == 1 else (args.stage2, args.lr)
    settings = (name, *model.values(), args.width, args.stage1, args.stage2, args.latent_weight, args.value_range)
    return train(
        args.out / '_'.join(map(str, ('latent_sigma', *settings))),
        iterations,
        lr,
        generator=dict(mid_channels=args.width, variational=True),
        model=dict(latent_weight=args.latent_weight, value_range=args.value_range, **model),
        hooks=[dict(type='LatentStageHook', switch_iter=iterations if stage == 1 else 0)],
        start=start,
    )


def sigmas(runner: Runner) -> list[float]:
    """Geometric mean over heads of the mean standard deviation, an iteration each."""
    logs = [value.data[0] for key, value in runner.message_hub.log_scalars.items() if key.startswith('train/sigma/')]
    return [math.exp(sum(math.log(value) for value in values) / len(values)) for values in zip(*logs, strict=True)]


def mean_of(runner: Runner, name: str) -> float:
    """Mean of a logged value over the second half of a training."""
    values = runner.message_hub.get_scalar(f'train/{name}').data[0]
    return float(values[len(values) // 2 :].mean())


def psnr(runner: Runner) -> float:
    """Of the held-out clips, as validated last."""
    return runner.message_hub.get_scalar('val/clips/PSNR').current()


def main() -> None:
    """Train one stage 1 and four stages 2 and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_arguments(parser)
    parser.add_argument('--stage1', type=int, default=600, help='iterations of stage 1')
    parser.add_argument('--stage2', type=int, default=600, help='iterations of stage 2')
    parser.add_argument('--latent-weight', type=float, default=0.1, help='lambda')
    parser.add_argument('--value-range', type=float, default=255.0, help='white of the frames in the losses (255)')
    parser.add_argument('--kl-weight', type=float, default=1.0, help='factor of the divergence in the third reading')
    parser.add_argument('--policy-weight', type=float, default=0.01, help='alpha of equation 7 in the fourth reading')
    args = parser.parse_args()
    keep_freed_memory()

    first = train_stage(args, 1, 'stage1')
    start = Path(first.work_dir) / f'iter_{args.stage1}.pth'
    readings = {
        'one pass': train_stage(args, 2, 'one-pass', start, dual_pass=False),
        'dual_pass': train_stage(args, 2, 'dual-pass', start, dual_pass=True),
        'with KL': train_stage(args, 2, 'kl', start, kl_weight=args.kl_weight),
        'eq. 7': train_stage(args, 2, 'policy', start, policy_weight=args.policy_weight),
    }
    logs = {name: sigmas(runner) for name, runner in readings.items()}
    print(f'{"iteration":<18}' + ''.join(f'{name:>12}' for name in logs))
    for iteration in sorted({1, *range(args.stage2 // 6, args.stage2 + 1, max(args.stage2 // 6, 1))}):
        values = ''.join(f'{log[iteration - 1]:>12.4f}' for log in logs.values())
        print(f'sigma at {iteration:<9}' + values)
    for heading, name in (('share of L_vae', 'latent_share'), ('loss', 'loss')):
        print(f'{heading:<18}' + ''.join(f'{mean_of(runner, name):>12.4f}' for runner in readings.values()))
    print(f'{"PSNR before":<18}' + f'{psnr(first):>12.2f}' * len(logs))
    print(f'{"PSNR after":<18}' + ''.join(f'{psnr(runner):>12.2f}' for runner in readings.values()))


if __name__ == '__main__':
    main()
