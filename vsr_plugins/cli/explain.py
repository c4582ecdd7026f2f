"""Draw the attention of a network for one region of a clip.

For each long-range block: the region (the query), the strongest regions of keys in space and time, and the attention
over all frames. For each short-range block: the mask, deterministic and for several samples of the latent heads if the
network has them. Of a longer clip, only the chunk that contains the frame is used. For a network that weighs its
branches (RobustVSR): the frame and the weight of each branch, pixel by pixel. For EDVR: the flow between features
before and after the alignment, and the temporal attention of the fusion.
"""

import argparse
import sys
from pathlib import Path

HELP = 'draw the attention of a network on a clip'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument(
        'config', metavar='CONFIG', type=Path, help='config of the network, or the name of a config of this package'
    )
    parser.add_argument('clip', metavar='CLIP', type=Path, help='input: a video file or a folder of frames')
    parser.add_argument('--checkpoint', metavar='FILE', type=Path, help='weights (default: random)')
    parser.add_argument(
        '--out', metavar='DIR', type=Path, default=Path('explained'), help='output folder (./explained)'
    )
    parser.add_argument('--frame', type=int, help='frame of the query, from 0 (default: middle of the first chunk)')
    parser.add_argument(
        '--box',
        type=int,
        nargs=4,
        metavar=('X', 'Y', 'W', 'H'),
        help='the query in pixels of the input: left, top, width, height (default: the region with most detail)',
    )
    parser.add_argument('--regions', type=int, default=3, help='regions of keys to show (default: 3)')
    parser.add_argument('--other-frames', action='store_true', help="exclude regions of keys in the query's own frame")
    parser.add_argument('--samples', type=int, default=3, help='samples of the latent heads (default: 3)')
    parser.add_argument('--seed', type=int, default=0, help='seed of the samples (default: 0)')
    parser.add_argument(
        '--key-frames', type=int, default=0, help='number of key frames of the clip to pass to the network (default: 0)'
    )
    parser.add_argument(
        '--downscale', type=int, default=1, help='factor to downsample a ground-truth clip by first (default: 1)'
    )
    parser.add_argument('--device', default='cpu', help='cpu (default), cuda, cuda:1, ...')
    parser.add_argument('--force', action='store_true', help='replace existing pictures')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    import torch

    from ..apis import (
        aligns_features,
        atomic_write,
        explain,
        explain_alignment,
        explain_weights,
        load_model,
        require_output,
        weighs_branches,
    )

    for name, minimum in (('regions', 1), ('samples', 0), ('key_frames', 0), ('downscale', 1)):
        if getattr(args, name) < minimum:
            raise ValueError(f'--{name.replace("_", "-")} must be at least {minimum}, but got {getattr(args, name)}')
    if args.checkpoint is None:
        print('vsr explain: no --checkpoint: the weights, and therefore the attention, are random', file=sys.stderr)
        torch.manual_seed(args.seed)
    model = load_model(args.config, args.checkpoint, args.device)
    network = getattr(model, 'generator', model)
    title = args.clip.resolve().name + ('' if args.checkpoint else ', random weights')
    if weighs_branches(network) or aligns_features(network):
        draw, name = (explain_weights, 'weights') if weighs_branches(network) else (explain_alignment, 'alignment')
        path = args.out / f'{name}.png'
        require_output(path, args.force)
        figure = draw(network, args.clip, args.frame, args.downscale, title)
        args.out.mkdir(parents=True, exist_ok=True)
        with atomic_write(path) as partial:
            figure.savefig(partial)
        print(path)
        return 0
    explanation = explain(
        network,
        args.clip,
        args.frame,
        args.box,
        num_key_frames=args.key_frames,
        downscale=args.downscale,
        num_regions=args.regions,
        num_samples=args.samples,
        other_frames=args.other_frames,
        seed=args.seed,
    )
    box, captions = explanation.box, explanation.captions
    print(f'query: {captions[explanation.frame]}, {box.width}x{box.height} pixels at ({box.left}, {box.top})')
    for part, path in zip(explanation.blocks, explanation.save(args.out, title, args.force), strict=True):
        print(path)
        for number, region in enumerate(getattr(part, 'regions', ()), 1):
            place = f'({region.box.left}, {region.box.top})'
            share = f'{region.weight:.2%} of the attention, {region.ratio:.1f} x an equal share'
            print(f'  {number}: {captions[region.frame]} at {place}: {share}')
    return 0
