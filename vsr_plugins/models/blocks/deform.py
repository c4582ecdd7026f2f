"""Deformable convolution, versions 1 and 2: the only implementation in the package.

Sources: "Deformable Convolutional Networks" (ICCV 2017), section 2.1, eqs. (2)-(4), and "Deformable ConvNets v2"
(CVPR 2019), section 3.2, eq. (1), which adds the mask.

Convention: offsets are in pixels of the input, (dy, dx) interleaved per tap, taps row by row, deformable groups
outermost: channel ``(group * taps + tap) * 2`` is dy, the next one dx. Mask channels are ``group * taps + tap``. The
input is zero outside, so a sample less than a pixel outside is interpolated between the border and zero. mmcv,
torchvision and detectron2 do the same.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

import torch
from torch import Tensor

from .fast import deform_sampling
from .fast.deform_sampling import Geometry

BACKENDS = ('torchvision', 'grid_sample')

_forced: ContextVar[str | None] = ContextVar('deform_backend', default=None)


@contextmanager
def deform_backend(name: str) -> Iterator[None]:
    """Within this context, compute with the named backend on every device; for tests and measurements.

    Args:
        name: ``'torchvision'`` (its compiled kernel) or ``'grid_sample'`` (``deform_sampling``).

    Raises:
        ValueError: If no backend has this name.
    """
    if name not in BACKENDS:
        raise ValueError(f'the backend must be one of {BACKENDS}, but got {name!r}')
    token = _forced.set(name)
    try:
        yield
    finally:
        _forced.reset(token)


def active_backend(device: torch.device | str | None = None) -> str:
    """Backend used on a device; the default device is CUDA if available, else the CPU.

    torchvision's compiled kernel is used on CUDA. On the CPU that kernel uses one thread in the forward pass and is
    slower still in the backward pass (``benchmarks/deform_conv.py``).
    """
    if device is None:
        device = 'cuda' if torch.cuda.is_available() else 'cpu'
    return _forced.get() or ('torchvision' if torch.device(device).type == 'cuda' else 'grid_sample')


def deform_conv2d(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
    deform_groups: int = 1,
    mask: Tensor | None = None,
) -> Tensor:
    """Deformable convolution: offsets move, and an optional mask weights, each tap at each position.

    Computes in float32 (float64 for float64 features), also under autocast and for half precision: in bfloat16 an
    offset of 4 pixels has a resolution of 1/32 pixel. Differentiable once, in all tensors. A non-finite offset gives
    NaN or zero at its position.

    Args:
        x: Features, (n, c_in, h, w).
        offset: (n, 2 * deform_groups * kernel_h * kernel_w, h_out, w_out), pixels.
        weight: (c_out, c_in / groups, kernel_h, kernel_w).
        bias: (c_out,) or None.
        stride: One number or (vertical, horizontal), as padding and dilation.
        padding: Zeros added on each side.
        dilation: Distance of the taps.
        groups: Groups of the convolution.
        deform_groups: Groups of channels of ``x`` with separate offsets.
        mask: (n, deform_groups * kernel_h * kernel_w, h_out, w_out), or None for version 1.

    Returns:
        (n, c_out, h_out, w_out) in the dtype of ``x``.

    Raises:
        ValueError: The shapes do not fit together.
    """
    if x.dim() != 4 or weight.dim() != 4:
        raise ValueError(f'x and weight must have 4 dimensions, but got shapes {(*x.shape,)} and {(*weight.shape,)}')
    _, _, kernel_h, kernel_w = weight.shape
    geometry = Geometry(
        (kernel_h, kernel_w),
        _pair('stride', stride, 1),
        _pair('padding', padding, 0),
        _pair('dilation', dilation, 1),
        groups,
        deform_groups,
    )
    _check(x, offset, weight, bias, mask, geometry)
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    with torch.autocast(x.device.type, enabled=False):
        features, offset, weight = (tensor.to(dtype) for tensor in (x, offset, weight))
        mask = None if mask is None else mask.to(dtype)
        # The compiled kernel takes no empty batch.
        if len(x) and active_backend(x.device) == 'torchvision':
            output = _torchvision(features, offset, mask, weight, geometry)
        else:
            output = deform_sampling.SampledDeformConv.apply(features, offset, mask, weight, geometry)
        if bias is not None:
            output = output + bias.to(dtype)[:, None, None]
    return output.to(x.dtype)


def deform_conv2d_grads(
    grad_output: Tensor,
    x: Tensor,
    offset: Tensor,
    mask: Tensor | None,
    weight: Tensor,
    geometry: Geometry,
    needs: tuple[bool, bool, bool, bool] = (True, True, True, True),
) -> tuple[Tensor | None, Tensor | None, Tensor | None, Tensor | None]:
    """Gradients of ``deform_conv2d`` outside autograd, for a caller that has only the tensors.

    Args:
        grad_output: Gradient with respect to the output, (n, c_out, h_out, w_out).
        x: Argument of ``deform_conv2d``.
        offset: Argument of ``deform_conv2d``.
        mask: Argument of ``deform_conv2d``.
        weight: Argument of ``deform_conv2d``.
        geometry: Kernel size, stride and the other numbers.
        needs: Which gradients to compute.

    Returns:
        Gradients of x, offset, mask and weight in float32 (float64 for float64 features); None where not needed.
    """
    dtype = torch.float64 if x.dtype == torch.float64 else torch.float32
    x, offset, weight = (tensor.detach().to(dtype) for tensor in (x, offset, weight))
    mask = None if mask is None else mask.detach().to(dtype)
    grad_output = grad_output.to(dtype)
    with torch.autocast(x.device.type, enabled=False):
        if not len(x) or active_backend(x.device) == 'grid_sample':
            return deform_sampling.backward(grad_output, x, offset, mask, weight, geometry, needs)
        leaves = [tensor if need else None for tensor, need in zip((x, offset, mask, weight), needs, strict=True)]
        with torch.enable_grad():
            wanted = [leaf.requires_grad_() for leaf in leaves if leaf is not None]
            grads = iter(torch.autograd.grad(_torchvision(x, offset, mask, weight, geometry), wanted, grad_output))
    of_x, of_offset, of_mask, of_weight = (None if leaf is None else next(grads) for leaf in leaves)
    return of_x, of_offset, of_mask, of_weight


def _torchvision(x: Tensor, offset: Tensor, mask: Tensor | None, weight: Tensor, geometry: Geometry) -> Tensor:
    # Imported here: loads the compiled kernels only when they are used.
    from torchvision.ops import deform_conv2d as compiled

    return compiled(x, offset, weight, None, geometry.stride, geometry.padding, geometry.dilation, mask)


def _pair(name: str, value: int | Sequence[int], minimum: int) -> tuple[int, int]:
    pair = (value, value) if isinstance(value, int) else tuple(value)
    if len(pair) != 2 or any(number < minimum for number in pair):
        raise ValueError(f'{name} must be one number or two, each at least {minimum}, but got {value}')
    return pair


def _check(
    x: Tensor, offset: Tensor, weight: Tensor, bias: Tensor | None, mask: Tensor | None, geometry: Geometry
) -> None:
    """Raise if the shapes do not fit, before a kernel reads out of bounds."""
    n, channels, *size = x.shape
    groups, deform_groups = geometry.groups, geometry.deform_groups
    if groups < 1 or channels != weight.shape[1] * groups or len(weight) % groups:
        raise ValueError(
            f'weight of shape {(*weight.shape,)} with groups={groups} does not fit {channels} channels of x'
        )
    if deform_groups < 1 or channels % deform_groups:
        raise ValueError(f'{channels} channels of x cannot be divided into {deform_groups} deformable groups')
    output_size = geometry.output_size(size)
    if min(output_size) < 1:
        raise ValueError(f'x of size {(*size,)} is too small: the output would be of size {output_size}')
    expected: dict[str, tuple[Tensor, tuple[int, ...]]] = {
        'offset': (offset, (n, 2 * deform_groups * geometry.taps, *output_size))
    }
    if mask is not None:
        expected['mask'] = (mask, (n, deform_groups * geometry.taps, *output_size))
    if bias is not None:
        expected['bias'] = (bias, (len(weight),))
    for name, (tensor, shape) in expected.items():
        if tensor.shape != shape:
            raise ValueError(f'{name} must have shape {shape}, but got {(*tensor.shape,)}')
