"""Split frames into overlapping patches of which the centre is kept."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class PatchGrid:
    """Layout of the patches of a frame: one patch for each tile of ``keep_size`` pixels, with a margin around it.

    Convention:
        Tiles start in the upper left corner. A patch is its tile plus ``(patch_size - keep_size) / 2`` pixels on each
        side; outside the frame the border pixels repeat. A frame of exactly the patch size, as in training on patches,
        is one patch and kept completely.

    Attributes:
        patch_size: Height and width of a patch, pixels.
        keep_size: Height and width of a tile, pixels; ``patch_size`` minus an even number.

    Raises:
        ValueError: If ``keep_size`` does not fit ``patch_size``.
    """

    patch_size: int
    keep_size: int

    def __post_init__(self) -> None:
        if not 0 < self.keep_size <= self.patch_size or (self.patch_size - self.keep_size) % 2:
            raise ValueError(
                'keep_size must be at least 1 and patch_size minus an even number, but got '
                f'keep_size={self.keep_size} and patch_size={self.patch_size}'
            )

    def shape(self, h: int, w: int) -> tuple[int, int]:
        """Numbers of tile rows and columns of a frame."""
        if (h, w) == (self.patch_size, self.patch_size):
            return 1, 1
        return -(-h // self.keep_size), -(-w // self.keep_size)

    def patches(self, frames: Tensor) -> Tensor:
        """Cut frames into patches, (m, c, h, w) -> (m, rows, columns, c, patch_size, patch_size)."""
        h, w = frames.shape[-2:]
        rows, columns = self.shape(h, w)
        if (h, w) == (self.patch_size, self.patch_size):
            return frames[:, None, None]
        y = self._positions(rows, h, frames.device)
        x = self._positions(columns, w, frames.device)
        cut = frames[:, :, y][..., x]  # (m, c, rows, patch, columns, patch)
        return cut.permute(0, 2, 4, 1, 3, 5)

    def spread(self, values: Tensor, h: int, w: int) -> Tensor:
        """Repeat the value of each tile over its pixels, (m, d, rows, columns) -> (m, d, h, w)."""
        if (h, w) == (self.patch_size, self.patch_size):
            return values.expand(*values.shape[:2], h, w)
        y = torch.arange(h, device=values.device) // self.keep_size
        x = torch.arange(w, device=values.device) // self.keep_size
        return values[:, :, y][..., x]

    def offsets(self, h: int, w: int, device: torch.device | None = None) -> Tensor:
        """Offset of each pixel from the centre of its patch, (1, 2, h, w), x first, in pixels."""
        y, x = (torch.arange(size, device=device, dtype=torch.float32) for size in (h, w))
        if (h, w) != (self.patch_size, self.patch_size):
            y, x = y % self.keep_size, x % self.keep_size
            middle = (self.keep_size - 1) / 2
        else:
            middle = (self.patch_size - 1) / 2
        y, x = torch.meshgrid(y - middle, x - middle, indexing='ij')
        return torch.stack((x, y)).unsqueeze(0)

    def _positions(self, count: int, size: int, device: torch.device) -> Tensor:
        """Rows (or columns) of the frame in each patch, (count, patch_size)."""
        margin = (self.patch_size - self.keep_size) // 2
        first = torch.arange(count, device=device).unsqueeze(1) * self.keep_size - margin
        return (first + torch.arange(self.patch_size, device=device)).clamp(0, size - 1)
