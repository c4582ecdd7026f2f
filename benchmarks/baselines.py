"""Upstream's own classes beside this package's way of running them: same weights, same output, time and memory.

    python benchmarks/baselines.py [NAME ...] [--height 144 --width 180 --frames 5 --repeats 5]

Upstream's side is MMagic's class called as MMagic calls it: PyTorch's default layout, freed memory given back, and,
because mmcv's compiled operators cannot be had for today's PyTorch, torchvision's compiled kernel for deformable
convolution. Ours is what ``vsr upscale`` runs, ``VideoPredictor``, on the same class. Random weights. Printed are the
minimum of the turns, the spread, how far the median lies above it, the operations of a call as a side computes it, in
convolutions and matrix products, and the memory that the first call adds.
"""

import argparse
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from unittest.mock import patch

import numpy as np
import torch
from contenders import Row, machine, take_turns
from torch import Tensor, nn

EDVR_M = dict(
    type='EDVRNet', in_channels=3, out_channels=3, mid_channels=64, num_frames=5, deform_groups=8,
    num_blocks_extraction=5, num_blocks_reconstruction=10, center_frame_idx=2, with_tsa=True,
)  # fmt: skip
NETWORKS = {
    'EDVR-M': EDVR_M,
    'TDAN': dict(type='TDANNet'),
    'BasicVSR': dict(type='BasicVSRNet'),
    'IconVSR': dict(type='IconVSRNet', keyframe_stride=5, padding=2),
    'BasicVSR++': dict(type='BasicVSRPlusPlusNet', mid_channels=64, num_blocks=7, is_low_res_input=True),
    'RRDBNet': dict(type='RRDBNet', in_channels=3, out_channels=3),
}


def torchvision_kernel(
    input: Tensor, offset: Tensor, mask: Tensor | None, weight: Tensor, bias: Tensor | None, geometry: tuple
) -> Tensor:
    """The compiled operator, with the arguments of ``compat.mmcv_ext``."""
    from torchvision.ops import deform_conv2d

    _, stride, padding, dilation, _, _ = geometry
    return deform_conv2d(input, offset, weight, bias, stride, padding, dilation, mask)


def build(name: str, ours: bool, args: argparse.Namespace) -> Callable[[], Tensor]:
    """Either side, with its input."""
    warnings.simplefilter('ignore')
    from mmagic.registry import MODELS

    from vsr_plugins.compat import mmcv_ext
    from vsr_plugins.inference.predictor import VideoPredictor
    from vsr_plugins.models.input_spec import input_spec

    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    net: nn.Module = MODELS.build(NETWORKS[name]).eval()
    for module in net.modules():
        # They start at zero, where sampling costs less.
        if hasattr(module, 'conv_offset') and isinstance(module.conv_offset, nn.Conv2d):
            nn.init.normal_(module.conv_offset.weight, std=0.02)
    clip = torch.rand(1, args.frames, 3, args.height, args.width)
    if ours:
        predictor = VideoPredictor(net)
        return lambda: predictor._run(clip)

    spec = input_spec(net)
    kernel = patch.object(mmcv_ext, '_convolve', torchvision_kernel) if mmcv_ext.STAND_IN else nullcontext()

    def upstream() -> Tensor:
        with torch.inference_mode(), kernel:
            output = net(clip[0] if spec.single_image else clip)
        output = output[0] if isinstance(output, tuple) else output
        return output.clamp(0, 1)

    return upstream


def main() -> None:
    """Print a line a network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', default=['EDVR-M', 'TDAN', 'BasicVSR'], metavar='NAME', help='networks')
    parser.add_argument('--height', type=int, default=144, help='low resolution')
    parser.add_argument('--width', type=int, default=180, help='low resolution')
    parser.add_argument('--frames', type=int, default=5)
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--repeats', type=int, default=5)
    args = parser.parse_args()
    if unknown := set(args.names) - set(NETWORKS):
        parser.error(f'networks are {", ".join(NETWORKS)}, but got {", ".join(sorted(unknown))}')
    print(f'{machine(args.threads)}: {args.frames} frames of {args.height}x{args.width}, x4; seconds a call')
    side = f'{"spread":>8}{"Gop":>7}{"MB":>7}'
    print(f'{"":12}{"upstream":>10}{side}{"ours":>10}{side}{"ratio":>7}{"difference":>12}')
    for name in args.names:
        rows = {side: Row(build, (name, side == 'ours', args), side == 'ours') for side in ('upstream', 'ours')}
        measured = take_turns(rows, args.repeats)
        line = f'{name:12}'
        for side in measured.values():
            line += f'{side.least:>10.3f}{side.spread:>8.0%}{side.flops / 1e9:>7.0f}{side.memory:>7.0f}'
        upstream, ours = measured.values()
        apart = np.abs(upstream.output - ours.output).max()
        print(f'{line}{upstream.least / ours.least:>7.2f}{apart:>12.1e}', flush=True)


if __name__ == '__main__':
    main()
