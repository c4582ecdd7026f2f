"""What each step brings: the latent-attention network beside DUF-16L, time and memory, in one run.

Steps are taken away from the network as it is, one more in each row upwards, and the outputs are compared with those
of the last: the matrix of scores held whole, the upscaler layer by layer, PyTorch's default layout, convolutions by
their definition, freed memory given back. DUF-16L restores one frame a call, the latent-attention network a chunk of
seven; times are for one restored frame. DUF-16L stands there twice, in the default layout with memory given back, as
its public ports are, and as this package has it. Every row has a process of its own; they take turns, and memory is
what the first call adds.

    python benchmarks/latent_attention.py
    python benchmarks/latent_attention.py --height 180 --width 320
"""

import argparse
import os
import re
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext
from multiprocessing import get_context
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn

from vsr_plugins.models.blocks import attention
from vsr_plugins.models.blocks.fast.allocator import SWITCH, keep_freed_memory
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


class Contender:
    """A row: its network and a call that restores frames."""

    def __init__(self, row: str, args: argparse.Namespace) -> None:
        kind, self.steps, half = ROWS[row]
        torch.set_num_threads(args.threads)
        torch.manual_seed(0)
        self.net = (LatentAttentionNet() if kind == 'latent' else DUFNet()).eval().to(args.device)
        if half:
            self.net.bfloat16()
        if {'channels last', 'channels last in DUF'} & set(self.steps):
            for parameter in self.net.parameters():
                parameter.data = parameter.data.contiguous()
        self.frames = torch.rand(1, FRAMES, 3, args.height, args.width, device=args.device)
        self.restored = FRAMES if kind == 'latent' else 1

    def __call__(self) -> tuple[Tensor, float]:
        """Output, and seconds a restored frame."""
        with torch.inference_mode(), without(*self.steps):
            start = time.perf_counter()
            output = self.net(self.frames)
            if output.is_cuda:
                torch.cuda.synchronize()
            return output, (time.perf_counter() - start) / self.restored


def peak() -> float:
    """The largest resident memory of this process so far, MB; ru_maxrss would begin with its parent's."""
    return int(re.search(r'VmHWM:\s*(\d+)', Path('/proc/self/status').read_text())[1]) / 1000


def start(row: str, args: argparse.Namespace) -> float:
    """In a fresh process: build the row and call it once; MB by which that raises the peak."""
    global contender
    keep_freed_memory()
    contender = Contender(row, args)
    before = peak()
    contender()
    return peak() - before


def call() -> tuple[np.ndarray, float]:
    """Call the row of this process."""
    output, seconds = contender()
    return output.cpu().numpy(), seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--height', type=int, default=144, help='low resolution')
    parser.add_argument('--width', type=int, default=180, help='low resolution')
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--rows', nargs='+', choices=list(ROWS), default=list(ROWS), metavar='ROW')
    args = parser.parse_args()

    fresh = get_context('spawn')
    with ExitStack() as stack:
        rows = {row: stack.enter_context(ProcessPoolExecutor(1, mp_context=fresh)) for row in args.rows}
        memory = {}
        for row, pool in rows.items():
            # The first call starts the process, which decides on its memory by its environment.
            with patch.dict(os.environ, {SWITCH: '0' if 'kept memory' in ROWS[row][1] else '1'}):
                memory[row] = pool.submit(start, row, args).result()
        times: dict[str, list[float]] = {row: [] for row in rows}
        outputs = {}
        for _ in range(args.repeats):
            for row, pool in rows.items():
                outputs[row], seconds = pool.submit(call).result()
                times[row].append(seconds)

    median = {row: statistics.median(values) for row, values in times.items()}
    print(f'{args.device}, {args.threads} threads, torch {torch.__version__}: {args.height}x{args.width}, x4, 7 frames')
    print(f'{"":<28}{"s / frame":>10}{"x literal":>10}{"x DUF":>8}{"MB":>8}{"difference":>12}')
    for row in rows:
        kind = ROWS[row][0]
        line = f'{row:<28}{median[row]:>10.3f}'
        line += f'{median[LITERAL] / median[row]:>10.2f}' if LITERAL in median and kind == 'latent' else f'{"":>10}'
        line += f'{median[DUF] / median[row]:>8.2f}' if DUF in median else f'{"":>8}'
        line += f'{memory[row]:>8.0f}' if args.device == 'cpu' else f'{"":>8}'
        if kind == 'latent' and AS_IT_IS in outputs:
            line += f'{abs(outputs[row] - outputs[AS_IT_IS]).max():>12.1e}'
        print(line)


if __name__ == '__main__':
    main()
