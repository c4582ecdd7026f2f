"""What each step brings: the latent-attention network beside DUF-16L, time and memory, in one run.

Steps are taken away from the network as it is, one more in each row upwards, and the outputs are compared with those
of the last: the matrix of scores held whole, the upscaler layer by layer, PyTorch's default layout, convolutions by
their definition, freed memory given back. DUF-16L restores one frame a call, the latent-attention network a chunk of
seven; times are for one restored frame, the minimum of the turns, and the spread is how far the median lies above it.
DUF-16L stands there twice, in the default layout with memory given back, as its public ports are, and as this package
has it. Every row has a process of its own; they take turns, memory is what the first call adds, and operations are
those of a restored frame as the row computes it: convolutions, attention and matrix products.

    python benchmarks/latent_attention.py
    python benchmarks/latent_attention.py --height 180 --width 320
"""

import argparse
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from unittest.mock import patch

import torch
from contenders import Row, machine, take_turns
from torch import Tensor, nn

from vsr_plugins.inference.predictor import has_half_units
from vsr_plugins.models.blocks import attention
from vsr_plugins.models.blocks.fast.switch import (
    FOLDED_UPSCALER,
    MERGED_EMBEDDINGS,
    POINTWISE,
    STACKED_FRAMES,
    WINOGRAD,
    fast_paths_off,
)
from vsr_plugins.models.networks import DUFNet, LatentAttentionNet

FRAMES = 7


def naive_attention(query: Tensor, key: Tensor, value: Tensor, scale: float = 1.0) -> Tensor:
    """Eqs. (9) and (10) as they are written."""
    return torch.softmax(scale * query @ key.transpose(1, 2), dim=-1) @ value


def default_layout(net: nn.Module, x: Tensor) -> Tensor:
    """Frames as they come, channels first."""
    return x.contiguous()


@contextmanager
def without(*steps: str) -> Iterator[None]:
    """The networks with some of what makes them fast taken away."""
    patches = {
        'fused attention': patch.object(attention, 'dot_product_attention', naive_attention),
        'folded upscaler': fast_paths_off(FOLDED_UPSCALER),
        'channels last': patch.object(LatentAttentionNet, '_to_layout', default_layout),
        'fewer products': fast_paths_off(WINOGRAD, STACKED_FRAMES, POINTWISE, MERGED_EMBEDDINGS),
        # Decided when the process starts.
        'kept memory': nullcontext(),
        'channels last in DUF': patch('torch.Tensor.contiguous', lambda x, memory_format=None: x.clone()),
    }
    with ExitStack() as stack:
        for step in steps:
            stack.enter_context(patches[step])
        yield


ALL = ('fused attention', 'folded upscaler', 'channels last', 'fewer products', 'kept memory')
# Row -> network, steps taken away, half precision.
ROWS = {
    'latent attention, literal': ('latent', ALL, False),
    '+ fused attention': ('latent', ALL[1:], False),
    '+ folded upscaler': ('latent', ALL[2:], False),
    '+ channels last': ('latent', ALL[3:], False),
    '+ fewer products': ('latent', ALL[4:], False),
    '+ kept memory (as it is)': ('latent', (), False),
    'the same in bfloat16': ('latent', (), True),
    'DUF-16L, default layout': ('duf', ('channels last in DUF', 'kept memory'), False),
    'DUF-16L, as it is': ('duf', (), False),
}
LITERAL, AS_IT_IS, DUF = 'latent attention, literal', '+ kept memory (as it is)', 'DUF-16L, default layout'


def build(row: str, args: argparse.Namespace) -> Callable[[], Tensor]:
    """The network of a row and a call that restores frames."""
    kind, steps, half = ROWS[row]
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    net = (LatentAttentionNet() if kind == 'latent' else DUFNet()).eval().to(args.device)
    if half:
        net.bfloat16()
    if {'channels last', 'channels last in DUF'} & set(steps):
        for parameter in net.parameters():
            parameter.data = parameter.data.contiguous()
    frames = torch.rand(1, FRAMES, 3, args.height, args.width, device=args.device)

    def restore() -> Tensor:
        with torch.inference_mode(), without(*steps):
            return net(frames)

    return restore


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--height', type=int, default=144, help='low resolution')
    parser.add_argument('--width', type=int, default=180, help='low resolution')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--rows', nargs='+', choices=list(ROWS), metavar='ROW', help='all that are fast on this device')
    args = parser.parse_args()
    if args.rows is None:
        args.rows = [row for row in ROWS if not ROWS[row][2] or has_half_units(torch.device(args.device))]

    rows = {row: Row(build, (row, args), 'kept memory' not in ROWS[row][1]) for row in args.rows}
    measured = take_turns(rows, args.repeats)
    restored = {row: FRAMES if ROWS[row][0] == 'latent' else 1 for row in rows}
    least = {row: values.least / restored[row] for row, values in measured.items()}
    print(f'{machine(args.threads, args.device)}: {args.height}x{args.width}, x4, {FRAMES} frames')
    print(f'{"":<28}{"s / frame":>10}{"spread":>8}{"x literal":>10}{"x DUF":>8}{"Gop":>8}{"MB":>8}{"difference":>12}')
    for row, values in measured.items():
        kind = ROWS[row][0]
        line = f'{row:<28}{least[row]:>10.3f}{values.spread:>8.0%}'
        line += f'{least[LITERAL] / least[row]:>10.2f}' if LITERAL in least and kind == 'latent' else f'{"":>10}'
        line += f'{least[DUF] / least[row]:>8.2f}' if DUF in least else f'{"":>8}'
        line += f'{values.flops / restored[row] / 1e9:>8.0f}'
        line += f'{values.memory:>8.0f}' if args.device == 'cpu' else f'{"":>8}'
        if kind == 'latent' and AS_IT_IS in measured:
            line += f'{abs(values.output - measured[AS_IT_IS].output).max():>12.1e}'
        print(line)


if __name__ == '__main__':
    main()
