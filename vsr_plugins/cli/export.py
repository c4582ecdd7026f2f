"""Export a model by name or config to an ONNX file, after comparing its output in onnxruntime with PyTorch's.

By default height and width of the frames are dynamic. Networks whose code treats the size as a constant need --size.
"""

import argparse
from contextlib import suppress
from pathlib import Path

HELP = 'export a network to an ONNX file'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this sub-command."""
    parser.add_argument(
        'model',
        metavar='MODEL',
        help='a name of vsr upscale --list-models, a config, or the name of one of this package',
    )
    parser.add_argument('out', metavar='OUT.onnx', type=Path, help='file to write')
    parser.add_argument('--checkpoint', metavar='FILE', type=Path, help='weights (default: as the config builds them)')
    parser.add_argument('--size', metavar='HxW', type=_size, help='height and width of the frames (default: any)')
    parser.add_argument(
        '--frames',
        metavar='T',
        type=int,
        help='clip length, if the network takes any number of frames (default: 1 if it restores each by itself, or 7)',
    )
    parser.add_argument('--opset', metavar='N', type=int, default=20, help='version of the operators (default: 20)')
    parser.add_argument('--force', action='store_true', help='replace an existing file')


def run(args: argparse.Namespace) -> int:
    """Run the sub-command."""
    from ..apis import check_target, export_onnx, find_configs, load_model, load_pretrained

    check_target(args.out, args.force)
    is_config = args.checkpoint is not None or Path(args.model).suffix == '.py'
    if not is_config:
        with suppress(FileNotFoundError):
            is_config = bool(find_configs(args.model))
    model = load_model(args.model, args.checkpoint) if is_config else load_pretrained(args.model)
    print(export_onnx(model, args.out, args.size, args.frames, args.opset, args.force))
    return 0


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition('x')
    if not (height.isdigit() and width.isdigit()):
        raise argparse.ArgumentTypeError(f'must be height and width as in 180x320, but got {text!r}')
    return int(height), int(width)
