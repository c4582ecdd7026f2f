"""How far a network sees: what a tile must be given beyond its border."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# Low-resolution pixels of the piece of a frame that a network is tried on, and the least that networks with an optical
# flow pyramid take.
PROBE = 128
LEAST = 64
# A cut must not be seen where the kept part of a tile begins: a quarter of a step of 8 bits.
TOLERANCE = 0.25 / 255
# Up to this reach the halo is the whole of it and tiles are exact.
EXACT = 32


@dataclass(frozen=True)
class Reach:
    """How far a network sees, in pixels of its input.

    Attributes:
        pixels: How far a pixel's influence goes, whatever the weights; None where it goes beyond the piece that was
            tried, or has no end. Not counted is how far learnt offsets and flows carry.
        tried: How far the piece goes from its middle.
        halo: What a tile is given beyond its border on each side.
        difference: Greatest difference, in [0, 1], that a cut ``halo`` pixels away made on the piece that was tried;
            None where the piece was too small to be cut.
    """

    pixels: int | None
    tried: int
    halo: int
    difference: float | None

    @property
    def covered(self) -> bool:
        """Whether a cut is invisible behind the halo."""
        return self.difference is not None and self.difference <= TOLERANCE

    def __str__(self) -> str:
        """One line for the user."""
        if self.pixels is not None:
            sight = f'the network sees {self.pixels} px far'
        else:
            sight = f'the network sees the whole frame, or more than {self.tried} px of it'
        if self.difference is None:
            return f'{sight}; tiles have a halo of {self.halo} px, and what they change could not be tried'
        change = f'{self.difference * 255:.2g}/255 where it was tried'
        if self.covered:
            return f'{sight}; behind a halo of {self.halo} px tiles differ by {change}'
        return f'{sight}, so tiles are not the same as none: behind a halo of {self.halo} px they differ by {change}'


@torch.no_grad()
def measure_reach(network: Callable[[Tensor], Tensor], frames: Tensor, scale: int, multiple_of: int = 4) -> Reach:
    """Try how far a network sees, on a piece of the frames it shall restore.

    Two tries. One pixel is made NaN: what turns NaN in the output depends on it, whatever the weights are, so this is
    the reach of the operators and tells a network with an end to its sight from one that looks everywhere. Then the
    piece is cut through: how far from the cut its output still changes is what a halo must cover; with deep networks
    that is far less than the reach of the operators, and it holds what learnt offsets and flows carry.

    The halo is the whole reach up to ``EXACT`` pixels. Beyond that, or where the cut asks for more, it is what the cut
    asks for and half of it more, at least ``EXACT / 2``.

    Args:
        network: (1, t, c, h, w) -> (..., scale * h, scale * w).
        frames: (1, t, c, h, w), of which the middle is taken.
        scale: Enlargement.
        multiple_of: Pieces begin at multiples of this, as tiles do.

    Raises:
        ValueError: If the network makes values that are not finite.
    """
    piece = middle_piece(frames, multiple_of)
    h, w = piece.shape[-2:]
    pixels = _operator_reach(network, piece, scale)
    tried = min(h, w) // 2
    cut = tuple(_cut(size, multiple_of) for size in (h, w))
    limit = pixels if pixels is not None and pixels <= EXACT else 0
    if cut == (h, w):
        return Reach(pixels, tried, _round_up(pixels if pixels is not None else EXACT, multiple_of), None)
    whole = network(piece)[..., : cut[0] * scale, : cut[1] * scale]
    error = (network(piece[..., : cut[0], : cut[1]]) - whole).abs().float().flatten(0, -3).amax(0)
    if not error.isfinite().all():
        raise ValueError('the network makes values that are not finite of these frames, so tiles cannot be planned')
    # Distance of each low-resolution row and column to the nearest cut, and the greatest error that far away or more.
    distances = [
        torch.arange(size - 1, -1, -1, device=error.device) if size < full else torch.full((size,), h + w)
        for size, full in zip(cut, (h, w), strict=True)
    ]
    distance = torch.minimum(distances[0][:, None].to(error.device), distances[1].to(error.device))
    error = error.unflatten(0, (cut[0], scale)).unflatten(2, (cut[1], scale)).amax((1, 3))
    farthest = min(size // 2 for size, full in zip(cut, (h, w), strict=True) if size < full)
    needed = next((d for d in range(farthest) if error[distance >= d].max() <= TOLERANCE), farthest)
    if needed > limit:
        needed = max(needed + needed // 2, EXACT // 2)
    halo = _round_up(max(limit, min(needed, farthest)), multiple_of)
    beyond = error[distance >= halo]
    return Reach(pixels, tried, halo, float(beyond.max()) if beyond.numel() else 0.0)


def _operator_reach(network: Callable[[Tensor], Tensor], piece: Tensor, scale: int) -> int | None:
    """How far NaN spreads from one pixel, or None where it comes to the border of the piece."""
    h, w = piece.shape[-2:]
    y, x = h // 2, w // 2
    poisoned = piece.clone()
    poisoned[..., y, x] = torch.nan
    spread = network(poisoned).isnan().flatten(0, -3).any(0)
    reach = 0
    for lines, at, size in ((spread.any(1), y, h), (spread.any(0), x, w)):
        touched = lines.nonzero().flatten() // scale
        if not len(touched):
            return None  # NaN was swallowed: nothing is known
        if (touched.min() == 0 or touched.max() == size - 1) and size > 1:
            return None
        reach = max(reach, at - int(touched.min()), int(touched.max()) - at)
    return reach


def middle_piece(frames: Tensor, multiple_of: int = 1) -> Tensor:
    """The middle of frames, (..., h, w) -> (..., h', w') of at most ``PROBE`` pixels a side."""
    for axis in (-2, -1):
        size = frames.shape[axis]
        if size > PROBE:
            start = (size - PROBE) // 2 // multiple_of * multiple_of
            frames = frames.narrow(axis, start, PROBE)
    return frames


def _cut(size: int, multiple_of: int) -> int:
    cut = max(LEAST, size // 2 // multiple_of * multiple_of)
    return cut if cut < size else size


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple
