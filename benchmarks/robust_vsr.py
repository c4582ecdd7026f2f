"""Frames per second of RobustVSR beside upstream's TDAN and EDVR-M, in turn, in one run; random weights.

python benchmarks/robust_vsr.py [--height 144] [--width 180] [--repeats 5] [--device cpu] [--only NAME ...]

A window of five frames in, the frame in the middle out; Vid4's size by default. Each network runs once to warm up, then
all take turns; the median is printed. RobustVSR is shown with each aligner, and by its parts.
"""

import argparse
import statistics
import time
import warnings

import torch
from baselines import EDVR_M
from torch import nn

warnings.simplefilter('ignore')

from mmagic.registry import MODELS  # noqa: E402

from vsr_plugins.engine.config_files import read_config, to_builtins  # noqa: E402
from vsr_plugins.models.blocks.fast.allocator import keep_freed_memory  # noqa: E402

ROBUST = dict(type='TemporalAdaptiveNet', branch=dict(type='ESPCNNet', global_residual=True))


def configs() -> dict[str, dict]:
    """The networks by name."""

    def aligned(aligner: dict | None) -> dict:
        return dict(type='AlignedNet', network=ROBUST, aligner=aligner)

    aligners = to_builtins(read_config('_base_/models/robust_vsr.py').robust_vsr.aligners)
    return {
        'one branch, five frames': dict(type='TemporalBranchNet', branch=ROBUST['branch']),
        'RobustVSR, no alignment': aligned(None),
        **{f'RobustVSR, {name}': aligned(aligner) for name, aligner in aligners.items()},
        'TDAN (upstream)': dict(type='TDANNet'),
        'EDVR-M (upstream)': EDVR_M,
    }


def main() -> None:
    """Time all and print frames per second."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--height', type=int, default=144)
    parser.add_argument('--width', type=int, default=180)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--only', nargs='+', help='names, or beginnings of names')
    args = parser.parse_args()
    keep_freed_memory()
    torch.manual_seed(0)
    window = torch.rand(1, 5, 3, args.height, args.width, device=args.device)
    nets: dict[str, nn.Module] = {
        name: MODELS.build(config).to(args.device).eval()
        for name, config in configs().items()
        if not args.only or name.startswith(tuple(args.only))
    }
    seconds: dict[str, list[float]] = {name: [] for name in nets}
    with torch.inference_mode():
        for repeat in range(args.repeats + 1):
            for name, net in nets.items():
                start = time.perf_counter()
                net(window)
                if args.device != 'cpu':
                    torch.cuda.synchronize()
                if repeat:
                    seconds[name].append(time.perf_counter() - start)
    print(
        f'{args.height} x {args.width} x4, {args.device}, {torch.get_num_threads()} threads, median of {args.repeats}'
    )
    print(f'{"network":30}{"parameters":>12}{"s/frame":>10}{"frames/s":>10}')
    for name, net in nets.items():
        median = statistics.median(seconds[name])
        count = sum(parameter.numel() for parameter in net.parameters())
        print(f'{name:30}{count:12,}{median:10.3f}{1 / median:10.2f}')


if __name__ == '__main__':
    main()
