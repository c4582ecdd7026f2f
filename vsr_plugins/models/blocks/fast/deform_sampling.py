"""Deformable convolution from ``grid_sample`` and a matrix product, for devices without a compiled kernel.

Output positions are processed in chunks, so memory stays bounded for any image size. The samples of a chunk, the
columns of the matrix product, are recomputed in the backward pass instead of stored: one seventh more time, and 120 MB
less for each layer of 64 channels at 144 x 180.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

# Entries of the columns of a chunk, 32 MiB in float32. On an idle CPU 8 to 64 MiB take the same time; on a busy one
# (data loading in parallel) each operation waits for the slowest thread, and few long operations wait less.
COLUMN_ENTRIES = 1 << 23
BILINEAR, ZEROS = 0, 0  # codes of grid_sampler_2d


class Geometry(NamedTuple):
    """Parameters of a deformable convolution that are not tensors; pairs are (vertical, horizontal)."""

    kernel_size: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int]
    dilation: tuple[int, int]
    groups: int
    deform_groups: int

    @property
    def taps(self) -> int:
        """Samples per output position and deformable group."""
        return self.kernel_size[0] * self.kernel_size[1]

    def output_size(self, size: Sequence[int]) -> tuple[int, int]:
        """Height and width of the output for an input of this height and width."""
        height, width = (
            (size[axis] + 2 * self.padding[axis] - self.dilation[axis] * (self.kernel_size[axis] - 1) - 1)
            // self.stride[axis]
            + 1
            for axis in (0, 1)
        )
        return height, width

    def positions(self, size: Sequence[int], like: Tensor) -> Tensor:
        """Positions of the taps without offsets, in pixels of the input: (taps, 2, output positions)."""
        output_size, axes = self.output_size(size), []
        for axis in (0, 1):
            starts = torch.arange(output_size[axis], device=like.device) * self.stride[axis] - self.padding[axis]
            taps = torch.arange(self.kernel_size[axis], device=like.device) * self.dilation[axis]
            axes.append((taps[:, None] + starts).to(like.dtype))
        shape = (*self.kernel_size, *output_size)
        vertical = axes[0][:, None, :, None].expand(shape)
        horizontal = axes[1][None, :, None, :].expand(shape)
        return torch.stack((vertical, horizontal), 2).view(self.taps, 2, -1)


class _Image:
    """One image of the batch, its offsets and its mask, split into chunks of output positions."""

    def __init__(self, x: Tensor, offset: Tensor, mask: Tensor | None, geometry: Geometry, positions: Tensor) -> None:
        channels, *self.size = x.shape
        self.groups, self.taps = geometry.deform_groups, geometry.taps
        self.planes = x.reshape(self.groups, channels // self.groups, *self.size)
        self.offset = offset.reshape(self.groups, self.taps, 2, -1)
        self.mask = None if mask is None else mask.reshape(self.groups, 1, self.taps, -1)
        self.positions = positions
        step = max(1, COLUMN_ENTRIES // (channels * self.taps))
        total = positions.shape[-1]
        self.chunks = [slice(start, min(start + step, total)) for start in range(0, total, step)]

    def grid(self, part: slice) -> Tensor:
        """Positions in the coordinates of grid_sample, x before y: (groups, taps, part, 2)."""
        offset, positions = self.offset[..., part], self.positions[..., part]
        grid = offset.new_empty(*offset.shape[:2], offset.shape[-1], 2)
        for axis in (0, 1):
            start = (2 * positions[:, axis] + 1) / self.size[axis] - 1
            torch.add(start, offset[:, :, axis], alpha=2 / self.size[axis], out=grid[..., 1 - axis])
        return grid

    def sample(self, grid: Tensor) -> Tensor:
        """Sample the input at the positions, zero outside: (groups, channels / groups, taps, part)."""
        return torch.grid_sampler_2d(self.planes, grid, BILINEAR, ZEROS, False)

    def points(self, part: slice) -> Tensor:
        """Positions in pixels, y before x: (groups, taps, 2, part)."""
        return self.positions[..., part] + self.offset[..., part]


def forward(x: Tensor, offset: Tensor, mask: Tensor | None, weight: Tensor, geometry: Geometry) -> Tensor:
    """Convolve without bias; all tensors have one floating dtype.

    Args:
        x: (n, c_in, h, w).
        offset: (n, 2 * deform_groups * taps, h_out, w_out).
        mask: (n, deform_groups * taps, h_out, w_out) or None.
        weight: (c_out, c_in / groups, kernel height, kernel width).
        geometry: Kernel size, stride and the other numbers.

    Returns:
        (n, c_out, h_out, w_out).
    """
    matrix = _dense(weight, geometry.groups)
    output_size = geometry.output_size(x.shape[-2:])
    output = x.new_empty(len(x), len(weight), output_size[0] * output_size[1])
    positions = geometry.positions(x.shape[-2:], x)
    for index in range(len(x)):
        image = _Image(x[index], offset[index], None if mask is None else mask[index], geometry, positions)
        for part in image.chunks:
            columns = image.sample(image.grid(part))
            if image.mask is not None:
                columns *= image.mask[..., part]
            torch.mm(matrix, columns.view(matrix.shape[1], -1), out=output[index, :, part])
    return output.view(len(x), len(weight), *output_size)


def backward(
    grad_output: Tensor,
    x: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    weight: Tensor,
    geometry: Geometry,
    needs: tuple[bool, bool, bool, bool],
) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
    """Gradients of ``forward`` with respect to x, offset, mask and weight, None where ``needs`` is False.

    At whole pixels, where bilinear interpolation has a kink, the gradient with respect to an offset is that towards
    higher coordinates, and is zero for a sample exactly at -1: as in mmcv and the code of the DCN papers.

    Args:
        grad_output: Gradient of the output, (n, c_out, h_out, w_out).
        x: As in ``forward``.
        offset: As in ``forward``.
        mask: As in ``forward``.
        weight: As in ``forward``.
        geometry: As in ``forward``.
        needs: Which gradients to compute.

    Returns:
        Gradients of the shapes of x, offset, mask and weight.
    """
    needs_x, needs_offset, needs_mask, needs_weight = needs
    needs_samples = needs_x or needs_offset
    matrix = _dense(weight, geometry.groups)
    grad_x = torch.zeros_like(x, memory_format=torch.contiguous_format) if needs_x else None
    grad_offset = torch.empty_like(offset, memory_format=torch.contiguous_format) if needs_offset else None
    grad_mask = (
        torch.empty_like(mask, memory_format=torch.contiguous_format) if needs_mask and mask is not None else None
    )
    grad_matrix = torch.zeros_like(matrix) if needs_weight else None
    positions = geometry.positions(x.shape[-2:], x)
    for index in range(len(x)):
        image = _Image(x[index], offset[index], None if mask is None else mask[index], geometry, positions)
        for part in image.chunks:
            grid = image.grid(part)
            grad_part = grad_output[index].flatten(1)[:, part]
            sampled = image.sample(grid) if grad_mask is not None or grad_matrix is not None else None
            grad_columns = None
            if needs_samples or grad_mask is not None:
                grad_columns = torch.mm(matrix.t(), grad_part)
                grad_columns = grad_columns.view(*image.planes.shape[:2], geometry.taps, -1)
            if grad_mask is not None and grad_columns is not None and sampled is not None:
                grads = (grad_columns * sampled).sum(1)
                grad_mask[index].view(geometry.deform_groups, geometry.taps, -1)[..., part] = grads
            if grad_matrix is not None and sampled is not None:
                columns = sampled if image.mask is None else sampled.mul_(image.mask[..., part])
                grad_matrix.addmm_(grad_part, columns.view(matrix.shape[1], -1).t())
            if needs_samples and grad_columns is not None:
                if image.mask is not None:
                    grad_columns *= image.mask[..., part]
                points = None if grad_offset is None else image.points(part)
                if points is not None:
                    _keep_off_kinks(grid, points, image.size)
                grad_planes, grad_grid = torch.ops.aten.grid_sampler_2d_backward(
                    grad_columns, image.planes, grid, BILINEAR, ZEROS, False, [needs_x, True]
                )
                if grad_x is not None:
                    grad_x[index].view_as(grad_planes).add_(grad_planes)
                if grad_offset is not None and points is not None:
                    _write_offset_gradient(
                        grad_offset[index].view_as(image.offset)[..., part], grad_grid, points, image
                    )
    return grad_x, grad_offset, grad_mask, _blocks(grad_matrix, weight, geometry.groups)


class SampledDeformConv(torch.autograd.Function):
    """``forward`` with ``backward`` as its gradient."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, offset: Tensor, mask: Tensor | None, weight: Tensor, geometry: Geometry) -> Tensor:
        """See the module's ``forward``."""
        ctx.save_for_backward(x, offset, mask, weight)
        ctx.geometry = geometry
        return forward(x, offset, mask, weight, geometry)

    @staticmethod
    @once_differentiable
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]  torch types what the decorator returns so
        ctx: Any, grad_output: Tensor
    ) -> tuple[Tensor | None, ...]:
        """See the module's ``backward``."""
        # Keep the precision of the forward pass if backward() is called under autocast.
        with torch.autocast(grad_output.device.type, enabled=False):
            x, offset, mask, weight = ctx.saved_tensors
            grads = backward(grad_output, x, offset, mask, weight, ctx.geometry, ctx.needs_input_grad[:4])
        return *grads, None


def _keep_off_kinks(grid: Tensor, points: Tensor, size: list[int]) -> None:
    """Move samples next to a whole pixel away from it, so that rounding in grid_sample moves none across the kink."""
    margin = 4 * torch.finfo(grid.dtype).eps
    fraction = points - points.floor()
    for axis in (0, 1):
        pixels = margin * size[axis] / 2
        grid[..., 1 - axis].add_(fraction[:, :, axis] < pixels, alpha=margin)
        grid[..., 1 - axis].add_(fraction[:, :, axis] > 1 - pixels, alpha=-margin)


def _write_offset_gradient(target: Tensor, grad_grid: Tensor, points: Tensor, image: _Image) -> None:
    """Write the gradients of a chunk, from those of the grid, as (groups, taps, 2, part); zero for samples outside.

    Axis by axis, so that every write is contiguous: as one transposed copy it took a tenth of the step of a training.
    """
    outside = torch.zeros_like(target[:, :, 0], dtype=torch.bool)
    for axis in (0, 1):
        outside |= (points[:, :, axis] <= -1) | (points[:, :, axis] >= image.size[axis])
    for axis in (0, 1):
        of_axis = torch.mul(grad_grid[..., 1 - axis], 2 / image.size[axis], out=target[:, :, axis])
        of_axis.masked_fill_(outside, 0)


def _dense(weight: Tensor, groups: int) -> Tensor:
    """The weights as one matrix, (c_out, c_in * taps), zero between groups.

    The product is the smaller part of the time even so, and the same code handles every number of groups.
    """
    return weight.flatten(1) if groups == 1 else torch.block_diag(*weight.flatten(1).chunk(groups))


def _blocks(matrix: Tensor | None, weight: Tensor, groups: int) -> Tensor | None:
    """Extract the weights from the dense matrix, in the shape of ``weight``."""
    if matrix is None or groups == 1:
        return matrix if matrix is None else matrix.view_as(weight)
    grid = matrix.view(groups, len(weight) // groups, groups, -1)
    return grid.diagonal(dim1=0, dim2=2).movedim(-1, 0).reshape(weight.shape)
