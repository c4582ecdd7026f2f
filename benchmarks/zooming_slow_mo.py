"""Time and memory of ``ZoomingSlowMoNet`` beside the graph of the authors' code, with the same weights.

Run by hand: ``python benchmarks/zooming_slow_mo.py [--height H --width W --frames N --threads N --repeats N]``; small
with ``--height 36 --width 44 --blocks 2``. The reference computes what the authors' code computes, in its order and
layout: both state alignments rebuild the pyramids of frame and state at every step of either direction, the directions
run one after the other, deformable convolution is torchvision's kernel, and all frames are reconstructed as one batch.
Ours runs as in ``VideoPredictor``. The two take turns, each in a process of its own; the minimum of the turns is
printed, and the spread, how far the median lies above it. Operations are those that a side computes in convolutions and
matrix products. Memory is what the peak of the process grows by in the first call, once the network and its input are
there.
"""

import argparse
from collections.abc import Callable

import torch
import torch.nn.functional as F
from contenders import Row, machine, take_turns
from torch import Tensor

from vsr_plugins.models.blocks.deformable_conv_lstm import DeformableConvLSTM, StateAlignment
from vsr_plugins.models.blocks.fast.layout import keep_channels_last
from vsr_plugins.models.blocks.fast.row_winograd import RowWinograd
from vsr_plugins.models.blocks.pyramid_alignment import (
    AlignmentLevel,
    FeaturePyramid,
    ModulatedDeformConv,
    PyramidAlignment,
    PyramidInterpolation,
)
from vsr_plugins.models.networks.zooming_slow_mo import ZoomingSlowMoNet

Levels = list[Tensor]


def reference(net: ZoomingSlowMoNet, frames: Tensor) -> Tensor:
    """What ``net`` computes, as the authors' code computes it: (n, t, c, h, w) -> (n, 2t - 1, c, 4h, 4w)."""
    n, t, c, h, w = frames.shape
    features = net.extraction(lrelu(net.conv_first(frames.reshape(-1, c, h, w))))
    levels = [level.view(n, t, -1, *level.shape[-2:]) for level in reference_pyramid(net.pyramid, features)]
    sequence = []
    for index in range(t - 1):
        first, second = ([level[:, i].clone() for level in levels] for i in (index, index + 1))
        sequence += [first[0], reference_interpolation(net.interpolation, first, second)]
    sequence.append(levels[0][:, -1])
    stacked = torch.stack(sequence, dim=1)
    backwards = list(reversed(range(stacked.shape[1])))
    one_way = reference_recurrence(net.recurrence, stacked)
    other_way = reference_recurrence(net.recurrence, stacked[:, backwards])[:, backwards]
    joined = net.recurrence.join(torch.cat((one_way, other_way), dim=2).flatten(0, 1))
    part = net.reconstruction
    features = part.trunk(joined)
    for conv, factor in zip(part.upsampling, part.factors, strict=True):
        features = lrelu(F.pixel_shuffle(conv(features), factor))
    output = part.conv_last(lrelu(part.conv_hr(features)))
    return output.view(n, -1, *output.shape[1:])


def reference_recurrence(lstm: DeformableConvLSTM, sequence: Tensor) -> Tensor:
    """One direction, both states aligned frame by frame: (n, t, c, h, w) -> (n, t, c, h, w)."""
    hidden = cell = torch.zeros_like(sequence[:, 0])
    outputs = []
    for frame in sequence.unbind(1):
        near_hidden = reference_state_alignment(lstm.hidden_alignment, frame, hidden)
        near_cell = reference_state_alignment(lstm.cell_alignment, frame, cell)
        i, f, o, g = torch.split(lstm.gates(torch.cat((frame, near_hidden), dim=1)), frame.shape[1], dim=1)
        cell = torch.sigmoid(f) * near_cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
        outputs.append(hidden)
    return torch.stack(outputs, dim=1)


def reference_state_alignment(alignment: StateAlignment, frame: Tensor, state: Tensor) -> Tensor:
    """Both pyramids are built here, whoever else has built the frame's."""
    pair = torch.stack((frame, state), dim=1)
    levels = reference_pyramid(alignment.pyramid, pair.flatten(0, 1))
    levels = [level.view(*pair.shape[:2], *level.shape[1:]) for level in levels]
    both = ([level[:, index].clone() for level in levels] for index in (0, 1))
    return reference_interpolation(alignment.interpolation, *both)


def reference_pyramid(pyramid: FeaturePyramid, features: Tensor) -> Levels:
    """Three levels."""
    middle = lrelu(pyramid.level2_conv2(lrelu(pyramid.level2_conv1(features))))
    return [features, middle, lrelu(pyramid.level3_conv2(lrelu(pyramid.level3_conv1(middle))))]


def reference_interpolation(blend: PyramidInterpolation, first: Levels, second: Levels) -> Tensor:
    """Both directions and their fusion."""
    aligned = reference_alignment(blend.first, first, second), reference_alignment(blend.second, second, first)
    return blend.blend(torch.cat(aligned, dim=1))


def reference_alignment(alignment: PyramidAlignment, moving: Levels, target: Levels) -> Tensor:
    """From coarse to fine."""
    level: AlignmentLevel = alignment.level3
    motion = lrelu(level.motion_conv1(torch.cat((moving[2], target[2]), dim=1)))
    motion = lrelu(level.motion_conv2(motion))
    features = lrelu(reference_deform(level.deform, moving[2], motion))
    for index, level in ((1, alignment.level2), (0, alignment.level1)):
        coarse = F.interpolate(motion, scale_factor=2, mode='bilinear', align_corners=False)
        motion = lrelu(level.motion_conv1(torch.cat((moving[index], target[index]), dim=1)))
        motion = lrelu(level.motion_conv2(torch.cat((motion, coarse * 2), dim=1)))
        motion = lrelu(level.motion_conv3(motion))
        sampled = reference_deform(level.deform, moving[index], motion)
        coarse = F.interpolate(features, scale_factor=2, mode='bilinear', align_corners=False)
        features = level.feature_conv(torch.cat((sampled, coarse), dim=1))
        if index:
            features = lrelu(features)
    return features


def reference_deform(layer: ModulatedDeformConv, features: Tensor, motion: Tensor) -> Tensor:
    """The compiled kernel."""
    from torchvision.ops import deform_conv2d

    first, second, mask = torch.chunk(layer.conv_offset(motion), 3, dim=1)
    offset = torch.cat((first, second), dim=1)
    return deform_conv2d(features, offset, layer.weight, layer.bias, padding=1, mask=torch.sigmoid(mask))


def lrelu(features: Tensor) -> Tensor:
    """In place, as there."""
    return F.leaky_relu(features, 0.1, inplace=True)


def ours(net: ZoomingSlowMoNet, frames: Tensor) -> Tensor:
    """The network as it is."""
    keep_channels_last(net)
    with RowWinograd():
        return net(frames)


CONTENDERS = {'reference': reference, 'ours': ours}


def build(name: str, args: argparse.Namespace) -> Callable[[], Tensor]:
    """A call of a contender; weights are random so that no signal fades and offsets are a pixel or more."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    net = ZoomingSlowMoNet(num_blocks_reconstruction=args.blocks).eval()
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, nonlinearity='linear')
    for module in (*net.extraction, *net.reconstruction.trunk):
        module.conv2.weight.data.mul_(0.1)
    for module in net.modules():
        if isinstance(module, ModulatedDeformConv):
            torch.nn.init.normal_(module.conv_offset.weight, std=0.05)
    net = net.to(args.device)
    frames = torch.rand(1, args.frames, 3, args.height, args.width, device=args.device)

    def restore() -> Tensor:
        with torch.inference_mode():
            return CONTENDERS[name](net, frames)

    return restore


def main() -> None:
    """Print equality, times and peaks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--height', type=int, default=144, help='low resolution, a multiple of 4')
    parser.add_argument('--width', type=int, default=180, help='low resolution, a multiple of 4')
    parser.add_argument('--frames', type=int, default=4, help='input frames')
    parser.add_argument('--blocks', type=int, default=40, help='residual blocks of the reconstruction')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--device', default='cpu')
    args = parser.parse_args()
    rows = {name: Row(build, (name, args), name == 'ours') for name in CONTENDERS}
    measured = take_turns(rows, args.repeats)
    theirs, own = measured.values()
    print(
        f'{machine(args.threads, args.device)}: {args.frames} frames of {args.height}x{args.width} -> '
        f'{2 * args.frames - 1}'
    )
    apart = abs(own.output - theirs.output).max()
    print(f'largest difference {apart:.1e}, standard deviation of the output {theirs.output.std():.3f}')
    print(f'{"":12}{"reference":>10}{"spread":>8}{"ours":>10}{"spread":>8}{"ratio":>7}')
    print(
        f'{"seconds":12}{theirs.least:>10.2f}{theirs.spread:>8.0%}{own.least:>10.2f}{own.spread:>8.0%}'
        f'{theirs.least / own.least:>7.2f}'
    )
    print(f'{"Gop":12}{theirs.flops / 1e9:>10.0f}{"":8}{own.flops / 1e9:>10.0f}{"":8}{theirs.flops / own.flops:>7.2f}')
    if args.device == 'cpu':
        print(f'{"peak, MB":12}{theirs.memory:>10.0f}{"":8}{own.memory:>10.0f}{"":8}{theirs.memory / own.memory:>7.2f}')


if __name__ == '__main__':
    main()
