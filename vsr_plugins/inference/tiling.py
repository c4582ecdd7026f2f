"""Frames that do not fit into memory: restored in tiles, merged without a seam."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .memory import available_memory, is_out_of_memory, peak_memory
from .receptive_field import EXACT, MIN_PIECE, PROBE, ReceptiveField, measure_receptive_field, middle_piece, round_up

Network = Callable[[Tensor], Tensor]

# Share of the free memory that tiles may fill; what a probe cannot see needs the rest.
FILL = {'cuda': 0.8, 'cpu': 0.5}
# A tile is never smaller than this, in low-resolution pixels: the halo around it costs many times its own.
SMALLEST = 16
# Tiles of networks that tell nothing, upstream's, begin at multiples of this: their strides multiply to 4, in EDVR with
# pre-deblurring to 16.
UNKNOWN = 16
# Where a network looks at the whole frame, neighbouring tiles differ: they fade into each other over so many pixels.
FEATHER = 8


class Tiler:
    """A network that restores frames in tiles where they do not fit, and is called like the network itself.

    Receptive field and memory are measured once, on the first frames. A tile that runs out of memory is halved.

    Args:
        network: (1, t, c, h, w) -> (..., scale * h, scale * w); where frames stay on the CPU, it may move them.
        scale: Enlargement.
        tile: Height and width of a tile, low-resolution pixels; None chooses by the memory that is there; 0 takes
            frames whole, and in tiles only once memory runs out.
        multiple_of: Tiles begin at multiples of this. By default what the network says, see ``tiling_of``.
        device: Where the network computes. By default where its parameters are.
        least_halo: Pixels that a tile is given beyond its border at least. By default what the network says.

    Attributes:
        tile: In use; None takes frames whole.
        reach: As measured; None as long as no frame was cut.

    Raises:
        ValueError: If ``tile`` is negative.
    """

    def __init__(
        self,
        network: Network,
        scale: int,
        tile: int | None = None,
        multiple_of: int | None = None,
        device: torch.device | str | None = None,
        least_halo: int | None = None,
    ) -> None:
        if tile is not None and tile < 0:
            raise ValueError(f'tile must be a number of pixels, 0 for none or None to choose, but got {tile}')
        if device is None:
            parameter = next(network.parameters(), None) if isinstance(network, nn.Module) else None
            device = 'cpu' if parameter is None else parameter.device
        self.network = network
        self.scale = scale
        self.device = torch.device(device)
        told = tiling_of(network)
        self.multiple_of = multiple_of or told[0]
        self.least_halo = told[1] if least_halo is None else least_halo
        self.reach: ReceptiveField | None = None
        self.tile = tile or None
        self._chosen = tile is not None

    @torch.no_grad()
    def __call__(self, frames: Tensor) -> Tensor:
        """(1, t, c, h, w) -> (1, t', c, scale * h, scale * w), or (1, c, scale * h, scale * w), where ``frames`` are.

        Raises:
            MemoryError: If even the smallest tile does not fit.
        """
        if not self._chosen:
            self.tile = choose_tile(self.network, frames, self.scale, device=self.device)
            self._chosen = True
        whole = max(frames.shape[-2:])
        if self.tile is None or self.tile >= whole:
            try:
                return self.network(frames).to(frames.device)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Outside the handler: the exception holds the tensors of the attempt.
            self.tile = halved(whole, self.device)
        if self.reach is None:
            self.reach = self._measure(frames)
        halo, feather = self.reach.halo, 0 if self.reach.covered else FEATHER
        output, self.tile = _restore(
            self.network, frames, self.scale, self.tile, halo, feather, self.multiple_of, self.device
        )
        if self.reach.difference is None and whole <= MIN_PIECE:
            # Too small to be tried on a piece, so small that it is restored whole once more.
            difference = (self.network(frames).to(output) - output).abs().max()
            self.reach = replace(self.reach, difference=float(difference))
        return output

    def _measure(self, frames: Tensor) -> ReceptiveField:
        try:
            return measure_receptive_field(self.network, frames, self.scale, self.multiple_of, self.least_halo)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        return ReceptiveField(None, 0, round_up(max(EXACT, self.least_halo), self.multiple_of), None)


def tiling_of(network: Network) -> tuple[int, int]:
    """What tiles of frames begin at multiples of, and their least halo, as the network says.

    Its ``tile_multiple`` and ``tile_halo``, where something in it, like the patches of an aligner, must fall as in the
    whole frame; else its ``multiple_of``; else 16.
    """
    multiple = getattr(network, 'tile_multiple', None) or getattr(network, 'multiple_of', None) or UNKNOWN
    return multiple, getattr(network, 'tile_halo', 0)


@torch.no_grad()
def restore_tiled(
    network: Network,
    frames: Tensor,
    scale: int,
    tile: int | None,
    halo: int,
    feather: int = 0,
    multiple_of: int = 4,
) -> Tensor:
    """Restore frames tile by tile.

    Each tile is restored with ``halo`` pixels more on each side, as far as the frame goes, and its own part is kept:
    where the halo covers the network's reach, the result is that of the whole frame. Tiles are of nearly equal size.
    On out-of-memory the tile is halved, as often as needed.

    Args:
        network: (1, t, c, h, w) -> (..., scale * h, scale * w), any size.
        frames: (1, t, c, h, w).
        scale: Enlargement.
        tile: Height and width of a tile without its halo, low-resolution pixels; None for the whole frame at first.
        halo: Low-resolution pixels.
        feather: Neighbouring tiles fade into each other over twice this many low-resolution pixels, beyond which the
            halo begins. For networks whose reach no halo covers.
        multiple_of: Tiles and halos begin at multiples of this, so that strides and pools fall as in the whole frame.

    Returns:
        What the network makes of the whole frame, in its dtype, where ``frames`` are.

    Raises:
        ValueError: If a number is out of range.
        MemoryError: If even the smallest tile does not fit.
    """
    if (tile is not None and tile < 1) or min(halo, feather) < 0 or multiple_of < 1:
        raise ValueError(
            'tile and multiple_of must be at least 1, halo and feather at least 0, but got '
            f'tile={tile}, multiple_of={multiple_of}, halo={halo}, feather={feather}'
        )
    tile = max(frames.shape[-2:]) if tile is None else tile
    return _restore(network, frames, scale, tile, halo, feather, multiple_of, frames.device)[0]


@torch.no_grad()
def choose_tile(
    network: Network,
    frames: Tensor,
    scale: int,
    device: torch.device | str = 'cpu',
    memory: int | None = None,
    halo: int = 32,
) -> int | None:
    """The greatest tile that fits into memory, or None where the whole frame does.

    A small piece of the frames is restored, and what it took is taken to grow with the number of pixels.

    Args:
        network: As for ``restore_tiled``.
        frames: (1, t, c, h, w).
        scale: Enlargement.
        device: Where the network computes.
        memory: Bytes to fill at most. By default a share of what is free: 80% on CUDA, half on the CPU.
        halo: Low-resolution pixels that a tile is given on each side.

    Returns:
        Low-resolution pixels; None also where the system tells nothing of its memory.
    """
    device = torch.device(device)
    if memory is None:
        free = available_memory(device)
        if free is None:
            return None
        memory = int(free * FILL[device.type])
    h, w = frames.shape[-2:]
    probe = middle_piece(frames)
    try:
        taken = peak_memory(lambda: network(probe), device)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return PROBE // 2
    if not taken:
        return None
    per_pixel = taken / (probe.shape[-2] * probe.shape[-1])
    if frames.device == device:
        # The merged frames lie there beside the tile: as many as came, or twice as many.
        memory -= 2 * frames.numel() * scale**2 * frames.element_size()
    if per_pixel * h * w <= memory:
        return None
    side = math.isqrt(max(int(memory / per_pixel), 0)) - 2 * halo
    return max(side // SMALLEST * SMALLEST, SMALLEST)


def halved(tile: int, device: torch.device) -> int:
    """The tile to try after one that did not fit.

    Raises:
        MemoryError: If it was the smallest.
    """
    if tile <= SMALLEST:
        raise MemoryError(
            f'not even a tile of {tile} pixels and its halo fits into the memory of {device}; '
            'restore fewer frames at a time, or use a smaller network'
        )
    if device.type == 'cuda':
        torch.cuda.empty_cache()
    return max(tile // 2, SMALLEST)


def tile_spans(size: int, tile: int, multiple_of: int = 1) -> list[tuple[int, int]]:
    """Cut a side into tiles of nearly equal length, none longer than ``tile``: (start, end), in order.

    Args:
        size: Of the side.
        tile: Greatest length; where it is less than ``multiple_of``, that counts.
        multiple_of: Of the starts.
    """
    most = max(tile // multiple_of, 1) * multiple_of
    count = -(-size // most)
    step = -(-size // count)
    step = -(-step // multiple_of) * multiple_of
    return [(start, min(start + step, size)) for start in range(0, size, step)]


def _restore(
    network: Network,
    frames: Tensor,
    scale: int,
    tile: int,
    halo: int,
    feather: int,
    multiple_of: int,
    device: torch.device,
) -> tuple[Tensor, int]:
    """``restore_tiled``, and the tile that did fit."""
    while True:
        try:
            return _merge(network, frames, scale, tile, halo, feather, multiple_of), tile
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        tile = halved(min(tile, max(frames.shape[-2:])), device)


def _merge(
    network: Network, frames: Tensor, scale: int, tile: int, halo: int, feather: int, multiple_of: int
) -> Tensor:
    sides = frames.shape[-2:]
    rows, columns = ([*_Tile.along(size, tile, halo, feather, multiple_of)] for size in sides)
    if len(rows) == len(columns) == 1:
        return network(frames).to(frames.device)
    weights = [_weights(tiles, size, feather, scale) for tiles, size in zip((rows, columns), sides, strict=True)]
    output = None
    for row, row_weight in zip(rows, weights[0], strict=True):
        for column, column_weight in zip(columns, weights[1], strict=True):
            restored = network(frames[..., row.taken, column.taken])
            part = restored[..., row.inside(scale), column.inside(scale)].to(frames.device)
            if output is None:
                output = part.new_zeros(*part.shape[:-2], *(size * scale for size in sides))
            y, x = row.kept(scale), column.kept(scale)
            if feather:
                weight = row_weight[y, None] * column_weight[x]
                output[..., y, x] += part * weight.to(part)
            else:
                output[..., y, x] = part
            del restored, part
    return output


@dataclass(frozen=True)
class _Tile:
    """One side of a tile, low-resolution pixels: what is taken of the frame, and what is kept of that."""

    taken: slice
    first: int
    last: int

    @classmethod
    def along(cls, size: int, tile: int, halo: int, feather: int, multiple_of: int) -> Iterator['_Tile']:
        margin = -(-(halo + feather) // multiple_of) * multiple_of
        for start, end in tile_spans(size, tile, multiple_of):
            taken = slice(max(start - margin, 0), min(end + margin, size))
            yield cls(taken, max(start - feather, 0), min(end + feather, size))

    def kept(self, scale: int) -> slice:
        """In the output."""
        return slice(self.first * scale, self.last * scale)

    def inside(self, scale: int) -> slice:
        """In the restored tile."""
        return slice((self.first - self.taken.start) * scale, (self.last - self.taken.start) * scale)


def _weights(tiles: Sequence[_Tile], size: int, feather: int, scale: int) -> Tensor:
    """Weight of each tile at each output pixel of a side; in line from nothing at the tile's ends, adding up to 1."""
    position = torch.arange(size * scale) + 0.5
    weights = torch.stack(
        [torch.minimum(position - tile.first * scale, tile.last * scale - position).clamp(min=0) for tile in tiles]
    )
    # Where one tile is alone, at the ends of the frame too, it counts in full.
    return weights / weights.sum(0)
