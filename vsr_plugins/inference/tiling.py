"""Restore frames that do not fit into memory in tiles, and merge the tiles without a seam."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .memory import available_memory, is_out_of_memory, peak_memory
from .receptive_field import EXACT, MIN_PIECE, PROBE, ReceptiveField, measure_receptive_field, middle_piece, round_up

Network = Callable[[Tensor], Tensor]

# Share of the free memory that tiles may fill; the rest is for allocations that a probe does not measure.
FILL = {'cuda': 0.8, 'cpu': 0.5}
# Minimum tile in low-resolution pixels: the halo around it costs many times more than the tile itself.
MIN_TILE = 16
# Tiles of networks that declare no multiple (upstream's) begin at multiples of this: their strides multiply to 4, in
# EDVR with pre-deblurring to 16.
DEFAULT_MULTIPLE = 16
# If a network depends on the whole frame, neighbouring tiles differ: they are blended over this many pixels.
FEATHER = 8


class Tiler:
    """A network wrapped to restore frames in tiles if they do not fit into memory; called like the network itself.

    Receptive field and memory are measured once, on the first frames. A tile that runs out of memory is halved.

    Args:
        network: (1, t, c, h, w) -> (..., scale * h, scale * w); it may move frames from the CPU to its device.
        scale: Upscaling factor.
        tile: Height and width of a tile, low-resolution pixels; None chooses by available memory; 0 uses tiles only
            after complete frames run out of memory.
        multiple_of: Tiles begin at multiples of this. By default as the network declares, see ``tiling_of``.
        device: Device that the network computes on. By default that of its parameters.
        min_halo: Minimum of the pixels added to a tile beyond its border. By default as the network declares.

    Attributes:
        tile: Current tile size; None if frames are not tiled.
        receptive_field: As measured; None until a frame is tiled.

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
        min_halo: int | None = None,
    ) -> None:
        if tile is not None and tile < 0:
            raise ValueError(f'tile must be a number of pixels, 0 for no tiles or None to choose, but got {tile}')
        if device is None:
            parameter = next(network.parameters(), None) if isinstance(network, nn.Module) else None
            device = 'cpu' if parameter is None else parameter.device
        self.network = network
        self.scale = scale
        self.device = torch.device(device)
        declared = tiling_of(network)
        self.multiple_of = multiple_of or declared[0]
        self.min_halo = declared[1] if min_halo is None else min_halo
        self.receptive_field: ReceptiveField | None = None
        self.tile = tile or None
        self._is_chosen = tile is not None

    @torch.no_grad()
    def __call__(self, frames: Tensor) -> Tensor:
        """Restore (1, t, c, h, w) to (1, t', c, scale * h, scale * w) or (1, c, scale * h, scale * w), same device.

        Raises:
            MemoryError: If even the smallest tile does not fit.
        """
        if not self._is_chosen:
            self.tile = choose_tile(self.network, frames, self.scale, device=self.device)
            self._is_chosen = True
        longer_side = max(frames.shape[-2:])
        if self.tile is None or self.tile >= longer_side:
            try:
                return self.network(frames).to(frames.device)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Outside the handler: the exception keeps the tensors of the attempt alive.
            self.tile = halved(longer_side, self.device)
        if self.receptive_field is None:
            self.receptive_field = self._measure(frames)
        halo, feather = self.receptive_field.halo, 0 if self.receptive_field.covered else FEATHER
        output, self.tile = _restore(
            self.network, frames, self.scale, self.tile, halo, feather, self.multiple_of, self.device
        )
        if self.receptive_field.difference is None and longer_side <= MIN_PIECE:
            # The frames are too small to probe a piece, and small enough to restore once more without tiles.
            difference = (self.network(frames).to(output) - output).abs().max()
            self.receptive_field = replace(self.receptive_field, difference=float(difference))
        return output

    def _measure(self, frames: Tensor) -> ReceptiveField:
        try:
            return measure_receptive_field(self.network, frames, self.scale, self.multiple_of, self.min_halo)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        return ReceptiveField(None, 0, round_up(max(EXACT, self.min_halo), self.multiple_of), None)


def tiling_of(network: Network) -> tuple[int, int]:
    """Multiple at which tiles begin, and minimum halo, as the network declares them.

    The multiple is the network's ``tile_multiple`` (set if a part of it, such as the patches of an aligner, must be
    aligned as in the complete frame), else its ``multiple_of``, else 16. The halo is its ``tile_halo``, else 0.
    """
    multiple = getattr(network, 'tile_multiple', None) or getattr(network, 'multiple_of', None) or DEFAULT_MULTIPLE
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

    Each tile is restored with ``halo`` more pixels on each side, up to the border of the frame, and the halo is
    cropped: if it covers the network's receptive field, the result equals that without tiles. Tiles are of nearly
    equal size. On out-of-memory the tile is halved, as often as needed.

    Args:
        network: (1, t, c, h, w) -> (..., scale * h, scale * w), any size.
        frames: (1, t, c, h, w).
        scale: Upscaling factor.
        tile: Height and width of a tile without its halo, low-resolution pixels; None starts with the complete frame.
        halo: Low-resolution pixels.
        feather: Neighbouring tiles are blended over twice this many low-resolution pixels, beyond which the halo
            begins. For networks whose receptive field no halo covers.
        multiple_of: Tiles and halos begin at multiples of this, so that strides and pools align as in the full frame.

    Returns:
        The output for the complete frame, in the network's dtype, on the device of ``frames``.

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
    """Choose the largest tile that fits into memory, or None if the complete frame does.

    The memory is measured on a small piece of the frames and assumed to be proportional to the number of pixels.

    Args:
        network: As for ``restore_tiled``.
        frames: (1, t, c, h, w).
        scale: Upscaling factor.
        device: Device that the network computes on.
        memory: Maximum bytes to fill. By default a share of the free memory: 80% on CUDA, half on the CPU.
        halo: Low-resolution pixels added to a tile on each side.

    Returns:
        Low-resolution pixels; None also if the system does not report its memory.
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
        peak = peak_memory(lambda: network(probe), device)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        return PROBE // 2
    if not peak:
        return None
    per_pixel = peak / (probe.shape[-2] * probe.shape[-1])
    if frames.device == device:
        # The merged frames are on the same device: as many as the input, or twice as many.
        memory -= 2 * frames.numel() * scale**2 * frames.element_size()
    if per_pixel * h * w <= memory:
        return None
    side = math.isqrt(max(int(memory / per_pixel), 0)) - 2 * halo
    return max(side // MIN_TILE * MIN_TILE, MIN_TILE)


def halved(tile: int, device: torch.device) -> int:
    """Halve a tile that did not fit.

    Raises:
        MemoryError: If it was the smallest.
    """
    if tile <= MIN_TILE:
        raise MemoryError(
            f'a tile of {tile} pixels and its halo do not fit into the memory of {device}; '
            'restore fewer frames at a time, or use a smaller network'
        )
    if device.type == 'cuda':
        torch.cuda.empty_cache()
    return max(tile // 2, MIN_TILE)


def tile_spans(size: int, tile: int, multiple_of: int = 1) -> list[tuple[int, int]]:
    """Cut a side into tiles of nearly equal length, none longer than ``tile``: (start, end), in order.

    Args:
        size: Length of the side.
        tile: Maximum length of a tile, raised to ``multiple_of`` if it is less.
        multiple_of: Tiles start at multiples of this.
    """
    max_length = max(tile // multiple_of, 1) * multiple_of
    count = -(-size // max_length)
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
    """``restore_tiled``; returns the output and the tile that fitted."""
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
            restored = network(frames[..., row.read, column.read])
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
    """One axis of a tile, low-resolution pixels: the span read from the frame, and the span kept in the output."""

    read: slice
    first: int
    last: int

    @classmethod
    def along(cls, size: int, tile: int, halo: int, feather: int, multiple_of: int) -> Iterator['_Tile']:
        """The tiles of a side of ``size`` pixels, in order; see ``restore_tiled``."""
        margin = -(-(halo + feather) // multiple_of) * multiple_of
        for start, end in tile_spans(size, tile, multiple_of):
            read = slice(max(start - margin, 0), min(end + margin, size))
            yield cls(read, max(start - feather, 0), min(end + feather, size))

    def kept(self, scale: int) -> slice:
        """The kept span in the output."""
        return slice(self.first * scale, self.last * scale)

    def inside(self, scale: int) -> slice:
        """The kept span in the restored tile."""
        return slice((self.first - self.read.start) * scale, (self.last - self.read.start) * scale)


def _weights(tiles: Sequence[_Tile], size: int, feather: int, scale: int) -> Tensor:
    """Weight of each tile at each output pixel of a side; rises linearly from 0 at the tile's ends and sums to 1."""
    position = torch.arange(size * scale) + 0.5
    weights = torch.stack(
        [torch.minimum(position - tile.first * scale, tile.last * scale - position).clamp(min=0) for tile in tiles]
    )
    # Where only one tile covers a pixel, also at the ends of the frame, its weight is 1.
    return weights / weights.sum(0)
