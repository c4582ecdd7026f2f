"""Replacement of ``mmcv._ext`` for mmcv-lite. Delete once mmcv ships wheels with ``_ext`` for all platforms.

Without it ``mmcv.ops`` cannot be imported. ``vsr_plugins_startup.py`` finds this module if no compiled one exists.
Deformable convolution, versions 1 and 2, is computed by ``vsr_plugins.models.blocks.deform`` under mmcv's own Python
code, which passes output tensors, as for the compiled operators. Every other operator exists as a name, so that modules
that only reference it can be imported, and raises an error when it is called.
"""

from collections.abc import Callable
from typing import Any, NoReturn

# Distinguishes this module from a compiled one.
STAND_IN = True


def deform_conv_forward(
    input: Any, weight: Any, offset: Any, output: Any, columns: Any, ones: Any, **sizes: int
) -> None:
    """Fill ``output``, (n, c_out, h_out, w_out), with the deformable convolution, version 1."""
    output.copy_(_convolve(input, offset, None, weight, None, _version1(weight, sizes)))


def deform_conv_backward_input(
    input: Any,
    offset: Any,
    gradOutput: Any,  # noqa: N803  (mmcv's name)
    gradInput: Any,  # noqa: N803
    gradOffset: Any,  # noqa: N803
    weight: Any,
    columns: Any,
    **sizes: int,
) -> None:
    """Add to ``gradInput`` and ``gradOffset`` the gradients with respect to input and offset."""
    geometry = _version1(weight, sizes)
    _accumulate((gradInput, gradOffset, None, None), gradOutput, input, offset, None, weight, geometry)


def deform_conv_backward_parameters(
    input: Any,
    offset: Any,
    gradOutput: Any,  # noqa: N803
    gradWeight: Any,  # noqa: N803
    columns: Any,
    ones: Any,
    *,
    scale: float = 1,
    **sizes: int,
) -> None:
    """Add to ``gradWeight`` the gradient with respect to the weights, times ``scale``."""
    geometry = _version1(gradWeight, sizes)
    _accumulate((None, None, None, gradWeight), gradOutput * scale, input, offset, None, gradWeight, geometry)


def modulated_deform_conv_forward(
    input: Any,
    weight: Any,
    bias: Any,
    ones: Any,
    offset: Any,
    mask: Any,
    output: Any,
    columns: Any,
    *,
    with_bias: bool,
    **sizes: int,
) -> None:
    """Fill ``output``, (n, c_out, h_out, w_out), with the deformable convolution, version 2."""
    output.copy_(_convolve(input, offset, mask, weight, bias if with_bias else None, _version2(weight, sizes)))


def modulated_deform_conv_backward(
    input: Any,
    weight: Any,
    bias: Any,
    ones: Any,
    offset: Any,
    mask: Any,
    columns: Any,
    grad_input: Any,
    grad_weight: Any,
    grad_bias: Any,
    grad_offset: Any,
    grad_mask: Any,
    grad_output: Any,
    *,
    with_bias: bool,
    **sizes: int,
) -> None:
    """Add to the five ``grad_`` tensors the gradients with respect to the tensors of the same name."""
    grads = (grad_input, grad_offset, grad_mask, grad_weight)
    _accumulate(grads, grad_output, input, offset, mask, weight, _version2(weight, sizes))
    if with_bias:
        grad_bias += grad_output.sum((0, 2, 3))


def _version1(weight: Any, sizes: dict[str, int]) -> Any:
    # im2col_step, the number of images the compiled operator unfolds at once, does not change the result.
    pairs = {name: (sizes[f'{name}H'], sizes[f'{name}W']) for name in ('d', 'pad', 'dilation')}
    return _geometry(weight, pairs['d'], pairs['pad'], pairs['dilation'], sizes)


def _version2(weight: Any, sizes: dict[str, int]) -> Any:
    pairs = {name: (sizes[f'{name}_h'], sizes[f'{name}_w']) for name in ('stride', 'pad', 'dilation')}
    return _geometry(weight, pairs['stride'], pairs['pad'], pairs['dilation'], sizes)


def _geometry(
    weight: Any, stride: tuple[int, int], padding: tuple[int, int], dilation: tuple[int, int], sizes: dict[str, int]
) -> Any:
    # Imported on the first call: MMagic, which our package imports, imports mmcv.ops.
    from vsr_plugins.models.blocks.deform import Geometry

    return Geometry(tuple(weight.shape[-2:]), stride, padding, dilation, sizes['group'], sizes['deformable_group'])


def _convolve(input: Any, offset: Any, mask: Any, weight: Any, bias: Any, geometry: Any) -> Any:
    from vsr_plugins.models.blocks.deform import deform_conv2d

    return deform_conv2d(input, offset, weight, bias, *geometry[1:], mask=mask)


def _accumulate(
    totals: tuple[Any, ...], grad_output: Any, input: Any, offset: Any, mask: Any, weight: Any, geometry: Any
) -> None:
    """Add the gradients of input, offset, mask and weight to the tensors of ``totals`` that are not None."""
    from vsr_plugins.models.blocks.deform import deform_conv2d_grads

    needs = tuple(total is not None for total in totals)
    grads = deform_conv2d_grads(grad_output, input, offset, mask, weight, geometry, needs)
    for total, grad in zip(totals, grads, strict=True):
        if total is not None:
            total += grad.to(total.dtype)


def __getattr__(name: str) -> Callable[..., NoReturn]:
    """Return a function that raises, in place of the missing operator ``name``."""
    if name.startswith('__'):
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')

    def operator(*args: Any, **kwargs: Any) -> NoReturn:
        raise NotImplementedError(
            f'{name} is a compiled operator of mmcv, which this environment does not have (mmcv-lite): vsr_plugins '
            'implements deform_conv2d and modulated_deform_conv2d only. Install a full mmcv built for your PyTorch in '
            'place of mmcv-lite, as described in the README of vsr_plugins.'
        )

    operator.__name__ = name
    return operator
