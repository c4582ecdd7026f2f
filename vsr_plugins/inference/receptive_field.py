"""Measure the receptive field of a network, to choose the halo that a tile needs beyond its border."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models.blocks.fast.switch import ROW_WINOGRAD, fast_paths_off

# Side of the piece of a frame that a network is probed on, and the minimum side that networks with an optical flow
# pyramid take; low-resolution pixels.
PROBE = 128
MIN_PIECE = 64
# Maximum change that a cut may cause in the kept part of a tile: a quarter of an 8-bit step.
TOLERANCE = 0.25 / 255
# A receptive field of up to this many pixels is covered completely by the halo, so tiles are exact.
EXACT = 32


@dataclass(frozen=True)
class ReceptiveField:
    """Receptive field of a network, in pixels of its input.

    Attributes:
        pixels: Radius of the receptive field of the operators, whatever the weights; None if it exceeds the probed
            piece or is unbounded. Displacements by learnt offsets and flows are not counted.
        probed: Distance from the middle of the probed piece to its border.
        halo: Pixels added to a tile beyond its border on each side.
        difference: Maximum difference, in [0, 1], caused on the probed piece by a cut ``halo`` pixels away; None if
            the piece was too small to be cut with that much kept.
        farther: A cut changed pixels farther away than ``pixels``, through flows, offsets or patches. The distance
            then varies from place to place.
    """

    pixels: int | None
    probed: int
    halo: int
    difference: float | None
    farther: bool = False

    @property
    def covered(self) -> bool:
        """Whether a cut beyond the halo changes nothing by more than the tolerance."""
        return self.difference is not None and self.difference <= TOLERANCE

    def __str__(self) -> str:
        """One line for the user."""
        if self.pixels is not None:
            field = f'the receptive field of the network is {self.pixels} px'
            if self.farther:
                field += ', and more where it follows motion'
        else:
            field = f'the receptive field of the network is the whole frame, or more than {self.probed} px'
        if self.difference is None:
            return f'{field}; tiles have a halo of {self.halo} px, and their error could not be measured'
        change = f'{self.difference * 255:.2g}/255 on the probed piece'
        if self.farther:
            change += ', and perhaps by more elsewhere'
        if self.covered:
            return f'{field}; tiles with a halo of {self.halo} px differ from whole frames by {change}'
        return f'{field}, so tiles are not exact: with a halo of {self.halo} px they differ by {change}'


# That path mixes the rows of a group, so NaN would reach pixels that do not depend on it.
@fast_paths_off(ROW_WINOGRAD)
@torch.no_grad()
def measure_receptive_field(
    network: Callable[[Tensor], Tensor], frames: Tensor, scale: int, multiple_of: int = 4, min_halo: int = 0
) -> ReceptiveField:
    """Measure the receptive field of a network on a piece of the frames that it will restore.

    Two probes. First, one pixel is set to NaN: the output pixels that become NaN depend on it, whatever the weights.
    This is the receptive field of the operators, and it separates networks with a bounded receptive field from those
    that depend on the whole frame. Second, the piece is cut, once at the bottom and the right, once at the top and the
    left. The halo must cover the distance from the cut within which the output changes; in deep networks it is far
    less than the receptive field of the operators, and it includes displacements by learnt offsets and flows.

    The halo is the complete receptive field up to ``EXACT`` pixels. Beyond that, or if the cut requires more, it is
    1.5 times the distance that the cut requires, at least ``EXACT / 2``.

    Args:
        network: (1, t, c, h, w) -> (..., scale * h, scale * w).
        frames: (1, t, c, h, w); their middle is probed.
        scale: Upscaling factor.
        multiple_of: Pieces begin, and are cut, at multiples of this, as tiles are.
        min_halo: Minimum halo.

    Raises:
        ValueError: If an output of the network is not finite.
    """
    piece = middle_piece(frames, multiple_of, max(PROBE, MIN_PIECE + 2 * multiple_of))
    h, w = piece.shape[-2:]
    pixels = _operator_receptive_field(network, piece, scale)
    probed = min(h, w) // 2
    limit = max(pixels if pixels is not None and pixels <= EXACT else 0, min_halo)
    halves = [half for half in _halves((h, w), multiple_of) if half != (slice(0, h), slice(0, w))]
    if not halves:
        halo = max(pixels if pixels is not None else EXACT, min_halo)
        return ReceptiveField(pixels, probed, round_up(halo, multiple_of), None)
    uncut = network(piece)
    error, distance = (
        torch.cat(parts)
        for parts in zip(*(_errors(network, piece, uncut, half, scale) for half in halves), strict=True)
    )
    if not error.isfinite().all():
        raise ValueError('the output of the network is not finite for these frames, so tiles cannot be planned')
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
    return ReceptiveField(pixels, probed, halo, float(beyond.max()) if beyond.numel() else None, farther)


def _halves(sides: tuple[int, int], multiple_of: int) -> list[tuple[slice, slice]]:
    """The piece without its bottom and right, and without its top and left; uncut along sides that are too small."""
    first, last = [], []
    for size in sides:
        end = round_up(max(MIN_PIECE, size // 2 // multiple_of * multiple_of), multiple_of)
        first.append(slice(0, end if end < size else size))
        last.append(slice(max(min(size - MIN_PIECE, (size + 1) // 2) // multiple_of * multiple_of, 0), size))
    return [tuple(first), tuple(last)]


def _errors(
    network: Callable[[Tensor], Tensor], piece: Tensor, uncut: Tensor, half: tuple[slice, slice], scale: int
) -> tuple[Tensor, Tensor]:
    """Difference of each low-resolution pixel of a half from the uncut output, and its distance from the cut."""
    rows, columns = half
    cut = network(piece[..., rows, columns])
    enlarged = (slice(part.start * scale, part.stop * scale) for part in half)
    error = (cut - uncut[(..., *enlarged)]).abs().float().flatten(0, -3).amax(0)
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


def _operator_receptive_field(network: Callable[[Tensor], Tensor], piece: Tensor, scale: int) -> int | None:
    """Distance to which NaN spreads from one pixel; None if it reaches the border of the piece."""
    h, w = piece.shape[-2:]
    y, x = h // 2, w // 2
    poisoned = piece.clone()
    poisoned[..., y, x] = torch.nan
    spread = network(poisoned).isnan().flatten(0, -3).any(0)
    radius = 0
    for lines, at, size in ((spread.any(1), y, h), (spread.any(0), x, w)):
        touched = lines.nonzero().flatten() // scale
        if not len(touched):
            return None  # an operator removed the NaN: nothing is known
        if (touched.min() == 0 or touched.max() == size - 1) and size > 1:
            return None
        radius = max(radius, at - int(touched.min()), int(touched.max()) - at)
    return radius


def middle_piece(frames: Tensor, multiple_of: int = 1, max_size: int = PROBE) -> Tensor:
    """Crop the middle of frames, (..., h, w) -> (..., h', w'), to at most ``max_size`` pixels a side."""
    for axis in (-2, -1):
        size = frames.shape[axis]
        if size > max_size:
            start = (size - max_size) // 2 // multiple_of * multiple_of
            frames = frames.narrow(axis, start, max_size)
    return frames


def round_up(number: int, multiple: int) -> int:
    """Round up to the next multiple."""
    return -(-number // multiple) * multiple
