"""Self-ensemble: average a network's outputs over flips and rotations of its input, at test time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product

from torch import Tensor, nn

# Number of outputs that are averaged.
ENSEMBLES = {'x8': 8, 'x16': 16, 'reverse': 2}


@contextmanager
def self_ensemble(network: nn.Module, kind: str = 'x8') -> Iterator[None]:
    """Within this context ``network`` returns the mean of its outputs for transformed inputs, each transformed back.

    Source: Lim et al., "Enhanced deep residual networks for single image super-resolution" (EDSR), CVPRW 2017, section
    3.4: the eight flips and rotations. Reversal of time is that of video papers such as BasicVSR++ on NTIRE 2021.

    Args:
        network: Takes (n, c, h, w) or (n, t, c, h, w) and returns a tensor of the same order of axes, any scale.
        kind: ``'x8'``: flips and rotations; ``'reverse'``: time as it is and reversed; ``'x16'``: both.

    Raises:
        ValueError: If ``kind`` is unknown, or time is to be reversed of single frames.
    """
    if kind not in ENSEMBLES:
        raise ValueError(f'the self-ensemble must be one of {", ".join(ENSEMBLES)}, but got {kind!r}')
    forward = network.forward

    def averaged(frames: Tensor, *args: object, **kwargs: object) -> Tensor:
        total = None
        for apply, undo in _transforms(kind, frames):
            output = undo(forward(apply(frames), *args, **kwargs))
            total = output if total is None else total + output
        return total / ENSEMBLES[kind]

    network.forward = averaged
    try:
        yield
    finally:
        network.forward = forward


def _transforms(kind: str, frames: Tensor) -> Iterator[tuple[Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]]]:
    """Yield each transform of the input with its inverse for the output."""
    if kind != 'x8' and frames.ndim != 5:
        raise ValueError(f'time can be reversed of clips (n, t, c, h, w) only, but got {tuple(frames.shape)}')
    geometric = product((False, True), repeat=3) if kind != 'reverse' else [(False, False, False)]
    times = (False,) if kind == 'x8' else (False, True)
    for (vertical, horizontal, transposed), reverse in product(geometric, times):
        flipped = [axis for axis, is_flipped in ((-2, vertical), (-1, horizontal)) if is_flipped]

        def apply(
            x: Tensor, flipped: list[int] = flipped, transposed: bool = transposed, back: bool = reverse
        ) -> Tensor:
            x = x.flip(1) if back else x
            x = x.flip(flipped) if flipped else x
            return x.transpose(-1, -2).contiguous() if transposed else x

        def undo(
            y: Tensor, flipped: list[int] = flipped, transposed: bool = transposed, back: bool = reverse
        ) -> Tensor:
            y = y.transpose(-1, -2) if transposed else y
            y = y.flip(flipped) if flipped else y
            # The centre frame of a window has no time to turn back.
            return y.flip(1) if back and y.ndim == 5 else y

        yield apply, undo
