"""How far a network sees: what a tile must be given beyond its border."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

# Low-resolution pixels of the piece of a frame that a network is tried on, and the least that networks with an optical
# flow pyramid take.
PROBE = 128
MIN_PIECE = 64
# A cut must not be seen where the kept part of a tile begins: a quarter of a step of 8 bits.
TOLERANCE = 0.25 / 255
# Up to this reach the halo is the whole of it and tiles are exact.
EXACT = 32


@dataclass(frozen=True)
class ReceptiveField:
    """How far a network sees, in pixels of its input.

    Attributes:
        pixels: How far a pixel's influence goes, whatever the weights; None where it goes beyond the piece that was
            tried, or has no end. Not counted is how far learnt offsets and flows carry.
        tried: How far the piece goes from its middle.
        halo: What a tile is given beyond its border on each side.
        difference: Greatest difference, in [0, 1], that a cut ``halo`` pixels away made on the piece that was tried;
            None where the piece was too small to be cut with as much kept.
        farther: A cut was seen from farther away than ``pixels``, by flows, offsets or patches. How far differs then
            from place to place.
    """

    pixels: int | None
    tried: int
    halo: int
    difference: float | None
    farther: bool = False

    @property
    def covered(self) -> bool:
        """Whether a cut is invisible behind the halo."""
        return self.difference is not None and self.difference <= TOLERANCE

    def __str__(self) -> str:
        """One line for the user."""
        if self.pixels is not None:
            sight = f'the network sees {self.pixels} px far'
            if self.farther:
                sight += ', and farther by what it makes of motion'
        else:
            sight = f'the network sees the whole frame, or more than {self.tried} px of it'
        if self.difference is None:
            return f'{sight}; tiles have a halo of {self.halo} px, and what they change could not be tried'
        change = f'{self.difference * 255:.2g}/255 where it was tried'
        if self.farther:
            change += ', and perhaps by more elsewhere'
        if self.covered:
            return f'{sight}; behind a halo of {self.halo} px tiles differ by {change}'
        return f'{sight}, so tiles are not the same as none: behind a halo of {self.halo} px they differ by {change}'


@torch.no_grad()
def measure_receptive_field(
    network: Callable[[Tensor], Tensor], frames: Tensor, scale: int, multiple_of: int = 4, least_halo: int = 0
) -> ReceptiveField:
    """Try how far a network sees, on a piece of the frames it shall restore.

    Two tries. One pixel is made NaN: what turns NaN in the output depends on it, whatever the weights are, so this is
    the reach of the operators and tells a network with an end to its sight from one that looks everywhere. Then the
    piece is cut, once at the bottom and the right, once at the top and the left: how far from the cut its output still
    changes is what a halo must cover; with deep networks that is far less than the reach of the operators, and it holds
    what learnt offsets and flows carry.

    The halo is the whole reach up to ``EXACT`` pixels. Beyond that, or where the cut asks for more, it is what the cut
    asks for and half of it more, at least ``EXACT / 2``.

    Args:
        network: (1, t, c, h, w) -> (..., scale * h, scale * w).
        frames: (1, t, c, h, w), of which the middle is taken.
        scale: Enlargement.
        multiple_of: Pieces begin, and are cut, at multiples of this, as tiles are.
        least_halo: The halo is no less.

    Raises:
        ValueError: If the network makes values that are not finite.
    """
    piece = middle_piece(frames, multiple_of, max(PROBE, MIN_PIECE + 2 * multiple_of))
    h, w = piece.shape[-2:]
    pixels = _operator_reach(network, piece, scale)
    tried = min(h, w) // 2
    limit = max(pixels if pixels is not None and pixels <= EXACT else 0, least_halo)
    halves = [half for half in _halves((h, w), multiple_of) if half != (slice(0, h), slice(0, w))]
    if not halves:
        halo = max(pixels if pixels is not None else EXACT, least_halo)
        return ReceptiveField(pixels, tried, round_up(halo, multiple_of), None)
    whole = network(piece)
    error, distance = (
        torch.cat(parts)
        for parts in zip(*(_errors(network, piece, whole, half, scale) for half in halves), strict=True)
    )
    if not error.isfinite().all():
        raise ValueError('the network makes values that are not finite of these frames, so tiles cannot be planned')
    farthest = max(
        min(part.stop - part.start for part, full in zip(half, (h, w), strict=True) if part != slice(0, full)) // 2
        for half in halves
    )
    needed = next((d for d in range(farthest) if error[distance >= d].max() <= TOLERANCE), farthest)
    farther = pixels is not None and needed > pixels
    if needed > limit:
        needed = max(needed + needed // 2, EXACT // 2)
    halo = round_up(max(limit, min(needed, farthest)), multiple_of)
    beyond = error[distance >= halo]
    return ReceptiveField(pixels, tried, halo, float(beyond.max()) if beyond.numel() else None, farther)


def _halves(sides: tuple[int, int], multiple_of: int) -> list[tuple[slice, slice]]:
    """The piece without its bottom and right, and without its top and left; whole where it is too small."""
    first, last = [], []
    for size in sides:
        end = round_up(max(MIN_PIECE, size // 2 // multiple_of * multiple_of), multiple_of)
        first.append(slice(0, end if end < size else size))
        last.append(slice(max(min(size - MIN_PIECE, (size + 1) // 2) // multiple_of * multiple_of, 0), size))
    return [tuple(first), tuple(last)]


def _errors(
    network: Callable[[Tensor], Tensor], piece: Tensor, whole: Tensor, half: tuple[slice, slice], scale: int
) -> tuple[Tensor, Tensor]:
    """How much each low-resolution pixel of a half differs from the whole, and how far from the cut it lies."""
    rows, columns = half
    cut = network(piece[..., rows, columns])
    enlarged = (slice(part.start * scale, part.stop * scale) for part in half)
    error = (cut - whole[(..., *enlarged)]).abs().float().flatten(0, -3).amax(0)
    sides = error.shape[0] // scale, error.shape[1] // scale
    error = error.unflatten(0, (sides[0], scale)).unflatten(2, (sides[1], scale)).amax((1, 3))
    distances = []
    for part, size, full in zip(half, sides, piece.shape[-2:], strict=True):
        position = torch.arange(size, device=error.device)
        nowhere = torch.full_like(position, sum(piece.shape[-2:]))
        top = position if part.start else nowhere
        bottom = size - 1 - position if part.stop < full else nowhere
        distances.append(torch.minimum(top, bottom))
    return error.flatten(), torch.minimum(distances[0][:, None], distances[1]).flatten()


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


def middle_piece(frames: Tensor, multiple_of: int = 1, most: int = PROBE) -> Tensor:
    """The middle of frames, (..., h, w) -> (..., h', w') of at most ``most`` pixels a side."""
    for axis in (-2, -1):
        size = frames.shape[axis]
        if size > most:
            start = (size - most) // 2 // multiple_of * multiple_of
            frames = frames.narrow(axis, start, most)
    return frames


def round_up(number: int, multiple: int) -> int:
    """The next multiple that is not less."""
    return -(-number // multiple) * multiple
