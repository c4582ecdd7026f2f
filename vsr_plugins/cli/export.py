"""Write the network of a config as an ONNX file, and compare it with PyTorch in onnxruntime before it gets its name.

By default height and width of the frames stay free. Networks whose code takes a size for a constant need --size.
"""

import argparse
from pathlib import Path

HELP = 'write a network as an ONNX file'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument('config', metavar='CONFIG', type=Path, help='a config, or the name of one of the package')
    parser.add_argument('out', metavar='OUT.onnx', type=Path, help='file to write')
    parser.add_argument('--checkpoint', metavar='FILE', type=Path, help='weights (default: as the config builds them)')
    parser.add_argument('--size', metavar='HxW', type=_two, help='height and width of the frames (default: any)')
    parser.add_argument('--frames', metavar='T', type=int, help='frames of a clip, where the network takes any number')
    parser.add_argument('--opset', metavar='N', type=int, default=20, help='version of the operators (default: 20)')
    parser.add_argument('--force', action='store_true', help='replace a file that is there')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from ..apis import check_target, export_onnx, load_model

    check_target(args.out, args.force)
    model = load_model(args.config, args.checkpoint)
    print(export_onnx(model, args.out, args.size, args.frames, args.opset, args.force))
    return 0


def _two(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition('x')
    if not (height.isdigit() and width.isdigit()):
        raise argparse.ArgumentTypeError(f'must be height and width as in 180x320, but got {text!r}')
    return int(height), int(width)
