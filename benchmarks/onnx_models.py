"""Models by PyTorch and, from exported files, by onnxruntime, side by side: time, and how far outputs are apart.

    python benchmarks/onnx_models.py [NAME ...] [--height 144 --width 180 --repeats 7]

Names are those of ``vsr upscale --list-models``. Both run as in ``vsr upscale``, on 7 frames, each in a process of
its own, in turn. The minimum of the turns by restored frame is printed, and the spread, how far the median lies above.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from contenders import Row, machine, take_turns
from torch import Tensor

from vsr_plugins.apis import export_onnx
from vsr_plugins.inference.onnx_network import OnnxNetwork
from vsr_plugins.inference.predictor import VideoPredictor
from vsr_plugins.pretrained import find_pretrained, load_pretrained

FRAMES = 7


def build(name: str, file: str | None, args: argparse.Namespace) -> Callable[[], Tensor]:
    """The model by name, or its exported file."""
    torch.set_num_threads(args.threads)
    predictor = VideoPredictor(OnnxNetwork(file) if file else load_pretrained(find_pretrained(name)))
    frames = np.random.default_rng(0).integers(0, 256, (FRAMES, args.height, args.width, 3), dtype=np.uint8)
    return lambda: torch.stack([picture for made in predictor.restore(iter(frames)) for picture in made])


def main() -> None:
    """Print a line a model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ['espcn', 'vespcn', 'robust-vsr', 'latent-attention-half']
    parser.add_argument('names', nargs='*', default=names, metavar='NAME', help='models')
    parser.add_argument('--height', type=int, default=144, help='low resolution')
    parser.add_argument('--width', type=int, default=180, help='low resolution')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--repeats', type=int, default=7)
    args = parser.parse_args()
    print(f'{machine(args.threads)}: {FRAMES} frames of {args.height}x{args.width}, x4; seconds a frame')
    print(f'{"":24}{"PyTorch":>10}{"spread":>8}{"ONNX":>10}{"spread":>8}{"ratio":>7}{"difference":>12}')
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names:
            file = Path(folder) / f'{name}.onnx'
            export_onnx(load_pretrained(find_pretrained(name)), file, size=(args.height, args.width))
            rows = {'torch': Row(build, (name, None, args)), 'onnx': Row(build, (name, str(file), args))}
            measured = take_turns(rows, args.repeats)
            by_torch, by_onnx = measured.values()
            print(
                f'{name:24}{by_torch.least / FRAMES:>10.4f}{by_torch.spread:>8.0%}{by_onnx.least / FRAMES:>10.4f}'
                f'{by_onnx.spread:>8.0%}{by_torch.least / by_onnx.least:>7.2f}'
                f'{np.abs(by_torch.output - by_onnx.output).max():>12.1e}',
                flush=True,
            )


if __name__ == '__main__':
    main()
