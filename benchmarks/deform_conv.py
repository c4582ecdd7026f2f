"""Time and memory of deformable convolution, torchvision's kernel beside ``grid_sample`` and a matrix product.

Run by hand: ``python benchmarks/deform_conv.py [--threads N] [--device cuda]``. The two take turns, so that what else
the machine does hits both; medians are printed. Memory is what the peak of a fresh process grows by in one forward and
backward pass. The last row is a forward pass of MMagic's EDVR-M on five frames of Vid4's size.
"""

import argparse
import re
import statistics
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import torch
from torch import Tensor

from vsr_plugins.models.blocks.deform import BACKENDS, deform_backend, deform_conv2d
from vsr_plugins.models.blocks.fast.allocator import keep_freed_memory

# Channels, deformable groups, height, width: the levels of EDVR's pyramid and of a training patch, BasicVSR++'s input.
SIZES = [(64, 8, 144, 180), (64, 8, 72, 90), (64, 8, 36, 45), (64, 8, 64, 64), (128, 16, 64, 64), (64, 1, 72, 90)]
HEADER = f'{"":28}{"torchvision":>14}{"grid_sample":>14}{"ratio":>8}'


def tensors(channels: int, deform_groups: int, height: int, width: int, device: str) -> dict[str, Tensor]:
    """Arguments of a 3 x 3 modulated deformable convolution whose samples lie 2 pixels off on average."""
    torch.manual_seed(0)
    values = {
        'x': torch.randn(1, channels, height, width),
        'offset': 2 * torch.randn(1, 18 * deform_groups, height, width),
        'mask': torch.rand(1, 9 * deform_groups, height, width),
        'weight': torch.randn(channels, channels, 3, 3) / (3 * channels**0.5),
    }
    return {name: value.to(device).requires_grad_() for name, value in values.items()}


def forward(arguments: dict[str, Tensor], deform_groups: int) -> Tensor:
    """The output."""
    return deform_conv2d(**arguments, padding=1, deform_groups=deform_groups)


def forward_backward(arguments: dict[str, Tensor], deform_groups: int) -> tuple[Tensor, ...]:
    """The gradients of the four arguments."""
    output = forward(arguments, deform_groups)
    return torch.autograd.grad(output, list(arguments.values()), output.detach())


def race(function: Callable[[], object], repeats: int, device: str) -> list[float]:
    """Median milliseconds of each backend, taking turns."""
    times = {backend: [] for backend in BACKENDS}
    for turn in range(repeats + 1):
        for backend in BACKENDS:
            with deform_backend(backend):
                start = time.perf_counter()
                function()
                if device != 'cpu':
                    torch.cuda.synchronize()
                if turn:  # the first fills the caches
                    times[backend].append(time.perf_counter() - start)
    return [1e3 * statistics.median(times[backend]) for backend in BACKENDS]


def row(title: str, values: list[float], unit: str, note: str = '') -> None:
    """Print the two numbers and how many times the second goes into the first."""
    print(
        f'{title:28}{values[0]:11.1f} {unit}{values[1]:11.1f} {unit}{values[0] / values[1]:7.1f}x  {note}', flush=True
    )


def difference(compute: Callable[[], tuple[Tensor, ...]]) -> float:
    """The largest difference of the backends over all tensors, relative to the largest entry of each."""
    results = []
    for backend in BACKENDS:
        with deform_backend(backend):
            results.append(compute())
    return max(((a - b).abs().max() / a.abs().max()).item() for a, b in zip(*results, strict=True))


def peak_growth(backend: str, size: tuple[int, ...], threads: int) -> float:
    """MiB by which the memory of this process peaks above what it held before a forward and a backward pass."""
    torch.set_num_threads(threads)
    arguments = tensors(*size, 'cpu')
    with deform_backend(backend):
        forward_backward(tensors(64, 8, 8, 8, 'cpu'), 8)
        Path('/proc/self/clear_refs').write_text('5')  # the peak starts again from what is held now
        before = peak()
        forward_backward(arguments, size[1])
    return peak() - before


def peak() -> float:
    """The largest resident memory of this process so far, MiB."""
    status = Path('/proc/self/status').read_text()
    return int(re.search(r'VmHWM:\s*(\d+)', status)[1]) / 1024


def whole_network(device: str, repeats: int) -> None:
    """Print the row of EDVR-M, its offsets made random: it starts with zeros."""
    from mmagic.models.editors import EDVRNet

    torch.manual_seed(0)
    net = EDVRNet(3, 3).to(device).eval()
    for name, parameter in net.named_parameters():
        if 'conv_offset' in name:
            torch.nn.init.normal_(parameter, std=0.02)
    frames = torch.rand(1, 5, 3, 144, 180, device=device)
    with torch.inference_mode():
        times = race(lambda: net(frames), repeats, device)
        row('EDVR-M 5x144x180 forward', times, 'ms', f'difference {difference(lambda: (net(frames),)):.0e}')


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--threads', type=int, default=torch.get_num_threads())
    parser.add_argument('--device', default='cpu')
    parser.add_argument('--repeats', type=int, default=5)
    args = parser.parse_args()
    keep_freed_memory()
    torch.set_num_threads(args.threads)
    print(f'{args.device}, {args.threads} threads, torch {torch.__version__}\n{HEADER}')
    for size in SIZES:
        channels, deform_groups, height, width = size
        title = f'{channels} ch {deform_groups} groups {height}x{width}'
        arguments = tensors(*size, args.device)
        with torch.no_grad():
            times = race(lambda a=arguments, g=deform_groups: forward(a, g), args.repeats, args.device)
            apart = difference(lambda a=arguments, g=deform_groups: (forward(a, g),))
        row(title, times, 'ms', f'difference {apart:.0e}')
        times = race(lambda a=arguments, g=deform_groups: forward_backward(a, g), args.repeats // 2 + 1, args.device)
        apart = difference(lambda a=arguments, g=deform_groups: forward_backward(a, g))
        row('  forward + backward', times, 'ms', f'difference {apart:.0e}')
        if args.device == 'cpu':
            fresh = get_context('spawn')
            growth = []
            for backend in BACKENDS:
                with fresh.Pool(1) as pool:
                    growth.append(pool.apply(peak_growth, (backend, size, args.threads)))
            row('  peak memory', growth, 'MB')
    whole_network(args.device, args.repeats // 2 + 1)


if __name__ == '__main__':
    main()
