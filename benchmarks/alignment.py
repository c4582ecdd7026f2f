"""How far neighbouring frames are from each other, after each aligner and without one.

VSR_DATA_ROOT=DATA python benchmarks/alignment.py [--data Vid4] [--every 4] [--distance 1] [--stn FILE] [--spynet FILE]
    [--tdan FILE] [--vespcn NAME ...]

Root mean square error on Y of a neighbour against the reference, in grey levels of 255, on the low-resolution frames
(BIx4), eight pixels off each border; the mean over the frames of a clip. Less is not all: interpolation blurs, and a
blurred frame is closer to any other, so the last column has the detail that is left: the deviation of the aligned
frame's Laplacian over that of the neighbour's. --stn takes a checkpoint of configs/robust_vsr, --tdan one of TDAN,
--vespcn names of pretrained weights of VESPCN. --data clips measures on all clips of `vsr prepare clips`.
"""

import argparse
import os
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor, nn

warnings.simplefilter('ignore')

from mmagic.registry import MODELS  # noqa: E402

import vsr_plugins  # noqa: E402, F401
from vsr_plugins.checkpoints.weight_files import read_weights  # noqa: E402
from vsr_plugins.engine.config_files import read_config, to_builtins  # noqa: E402
from vsr_plugins.engine.load_parts import load_part  # noqa: E402
from vsr_plugins.models.blocks.color import luma  # noqa: E402
from vsr_plugins.models.blocks.resize import pad_to_multiple  # noqa: E402
from vsr_plugins.models.blocks.warping import flow_warp  # noqa: E402
from vsr_plugins.pretrained import load_pretrained  # noqa: E402

BORDER = 8


class VESPCNAlignment(nn.Module):
    """The motion compensation of a VESPCN, on frames in colour."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.flow = load_pretrained(name).flow

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Two of (m, 3, h, w) -> (m, 3, h, w)."""
        h, w = neighbours.shape[-2:]
        pair = (pad_to_multiple(luma(frames), 4) for frames in (references, neighbours))
        return flow_warp(neighbours, self.flow(*pair)[..., :h, :w])


def load(folder: Path, every: int, distance: int) -> tuple[Tensor, Tensor]:
    """References and their neighbours, two of (m, 3, h, w)."""
    paths = sorted(folder.iterdir())
    frames = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]
    clip = torch.from_numpy(np.stack(frames)).permute(0, 3, 1, 2).float() / 255
    return clip[:-distance:every], clip[distance::every]


def build_aligners(args: argparse.Namespace) -> dict[str, nn.Module | None]:
    """Those of RobustVSR's configs, with each optical flow, that need no weights or whose weights are given."""
    flows = {f'DIS {preset}': dict(type='DISFlow', preset=preset) for preset in ('ultrafast', 'medium')}
    if args.spynet:
        flows['SPyNet'] = dict(type='SPyNetFlow', pretrained=args.spynet)
    weights = {'stn': (args.stn, 'generator.aligner.'), 'deformable': (args.tdan, 'generator.')}
    aligners: dict[str, nn.Module | None] = {'none': None}
    for name, config in to_builtins(read_config('_base_/models/robust_vsr.py').robust_vsr.aligners).items():
        if 'flow' in config:
            aligners.update(
                {f'{name}, {label}': MODELS.build({**config, 'flow': flow}) for label, flow in flows.items()}
            )
            continue
        net = MODELS.build(config)
        file, source = weights.get(name, (None, ''))
        if file:
            load_part(net, read_weights(file), source=source, target='', partial=name == 'deformable')
        elif next(net.parameters(), None) is not None:
            continue
        aligners[name] = net
    aligners.update({f'flow, {name}': VESPCNAlignment(name) for name in args.vespcn})
    return aligners


def error(aligned: Tensor, references: Tensor) -> float:
    """Root mean square error on Y, grey levels, mean over frames."""
    inner = (..., slice(BORDER, -BORDER), slice(BORDER, -BORDER))
    difference = (luma(aligned) - luma(references))[inner]
    return 255 * float(difference.square().flatten(1).mean(1).sqrt().mean())


def detail(frames: Tensor) -> float:
    """Deviation of the Laplacian of Y."""
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    return float(nn.functional.conv2d(luma(frames), kernel).std())


def main() -> None:
    """Print a line for each aligner and a column for each clip."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', default='Vid4', help='folder of the data root with BIx4 (default: Vid4)')
    parser.add_argument('--every', type=int, default=4, help='measure every n-th frame (default: 4)')
    parser.add_argument('--distance', type=int, default=1, help='frames between reference and neighbour (default: 1)')
    parser.add_argument('--stn', help='checkpoint with a spatial alignment network')
    parser.add_argument('--spynet', help='weights of SPyNet')
    parser.add_argument('--tdan', help='weights of TDAN')
    parser.add_argument('--vespcn', nargs='*', default=['vespcn'], metavar='NAME', help='default: vespcn')
    args = parser.parse_args()
    root = Path(os.environ.get('VSR_DATA_ROOT', 'data')) / args.data / 'BIx4'
    if not root.is_dir():
        parser.error(f'there is no {root}; set VSR_DATA_ROOT, or make it: vsr prepare')
    clips = {folder.name: load(folder, args.every, args.distance) for folder in sorted(root.iterdir())}
    print(f'error on Y in grey levels, every {args.every} frames, neighbours {args.distance} apart')
    columns = ''.join(f'{name[-9:]:>10}' for name in clips)
    print(f'{"aligner":24}{columns}{"mean":>10}{"ms":>8}{"detail":>8}')
    for name, aligner in build_aligners(args).items():
        errors, kept, pairs, start = [], [], 0, time.perf_counter()
        for references, neighbours in clips.values():
            aligned = neighbours
            if aligner is not None:
                with torch.inference_mode():
                    aligned = torch.cat(
                        [aligner.eval()(a, b) for a, b in zip(neighbours.split(1), references.split(1), strict=True)]
                    )
            errors.append(error(aligned, references))
            kept.append(detail(aligned) / detail(neighbours))
            pairs += len(references)
        milliseconds = 1e3 * (time.perf_counter() - start) / pairs
        print(
            f'{name:24}' + ''.join(f'{value:10.2f}' for value in errors) + f'{np.mean(errors):10.2f}'
            f'{milliseconds:8.1f}{np.mean(kept):8.3f}'
        )


if __name__ == '__main__':
    main()
