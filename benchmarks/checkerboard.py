"""Checkerboard artefacts of a transposed convolution, and none of a pixel shuffle that starts evenly: a figure.

An even grey picture is enlarged by FSRCNN's deconvolution (9 x 9 at stride 4, whose taps overlap unevenly) and by
layers that end in a pixel shuffle, initialised at random and as nearest-neighbour enlargement (ICNR). What is not even
in the output is the layer's own pattern. Printed too: its standard deviation over the mean, in percent.

    python benchmarks/checkerboard.py checkerboard.png
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

SCALE, CHANNELS, SIZE = 4, 56, 8


def deconvolution(generator: torch.Generator) -> Callable[[Tensor], Tensor]:
    """FSRCNN's last layer with positive random taps."""
    layer = nn.ConvTranspose2d(CHANNELS, 1, 9, SCALE, padding=4, output_padding=SCALE - 1, bias=False)
    layer.weight.data = torch.rand(layer.weight.shape, generator=generator)
    return layer


def shuffle(generator: torch.Generator, evenly: bool) -> Callable[[Tensor], Tensor]:
    """A convolution and a pixel shuffle; ``evenly`` gives all sub-pixels the same kernel."""
    layer = nn.Conv2d(CHANNELS, SCALE**2, 3, padding=1, bias=False, padding_mode='replicate')
    layer.weight.data = torch.rand(layer.weight.shape, generator=generator)
    if evenly:
        layer.weight.data[:] = layer.weight.data[:1]
    return nn.Sequential(layer, nn.PixelShuffle(SCALE))


def patterns(seed: int = 0) -> dict[str, Tensor]:
    """Output of each layer for even features, (h, w), without the border, divided by its mean."""
    generator = torch.Generator().manual_seed(seed)
    layers = {
        'deconvolution': deconvolution(generator),
        'pixel shuffle': shuffle(generator, evenly=False),
        'pixel shuffle, even start': shuffle(generator, evenly=True),
    }
    found = {}
    with torch.no_grad():
        for name, layer in layers.items():
            output = layer(torch.ones(1, CHANNELS, SIZE, SIZE))[0, 0]
            inner = output[2 * SCALE : -2 * SCALE, 2 * SCALE : -2 * SCALE]
            found[name] = inner / inner.mean()
    return found


def main() -> None:
    """Print and draw the patterns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('picture', type=Path, help='file to draw to')
    parser.add_argument('--seed', type=int, default=0, help='seed of the layers')
    args = parser.parse_args()
    found = patterns(args.seed)
    figure = Figure(figsize=(3.2 * len(found), 3.4), layout='constrained', dpi=150)
    for axes, (name, pattern) in zip(figure.subplots(1, len(found)), found.items(), strict=True):
        uneven = 100 * pattern.std().item()
        print(f'{name:<28}{uneven:6.2f} %')
        axes.imshow(pattern, cmap='gray', vmin=0.8, vmax=1.2)
        axes.set_title(f'{name}: {uneven:.1f} %', fontsize=9)
        axes.set_axis_off()
    figure.savefig(args.picture)


if __name__ == '__main__':
    main()
