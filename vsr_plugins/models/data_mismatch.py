"""Clear errors where a network does not fit the data that it is given."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from .input_spec import input_spec


@contextmanager
def explained_mismatch(model: nn.Module) -> Iterator[None]:
    """Within the context, channels or a scale of a model's network that its data do not have are one clear error.

    Args:
        model: A subclass of mmagic's ``BaseEditModel``, or a wrapper that calls it.

    Raises:
        ValueError: In the context, where a layer of the network takes another number of channels than it gets, or where
            the ground truth of a training is not larger than the inputs by the network's scale.
    """
    hook = model.register_forward_pre_hook(_check_scale, with_kwargs=True)
    try:
        yield
    except RuntimeError as error:
        found = re.search(r'expected input\S* .* to have (\d+) channels, but got (\d+) channels', str(error))
        if not found:
            raise
        raise ValueError(
            f'a layer takes {found[1]} channel(s), but gets {found[2]}: frames are RGB, so set in_channels=3 in '
            'model.generator (ESPCN, FSRCNN and the like take Y of RGB by themselves and keep in_channels=1)'
        ) from error
    finally:
        hook.remove()


def _check_scale(model: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
    """Raise if the sizes of inputs and ground truth do not differ by the network's scale; metrics do when measuring."""
    if kwargs.get('mode') != 'loss':
        return
    named = {**dict(zip(('inputs', 'data_samples'), args, strict=False)), **kwargs}
    inputs, samples = named.get('inputs'), named.get('data_samples')
    sample = samples[0] if isinstance(samples, list) and samples else samples
    target = getattr(sample, 'gt_img', None)
    model = getattr(model, 'module', model)
    try:
        spec = input_spec(getattr(model, 'generator', model))
    except ValueError:
        return  # it declares no scale
    if not (isinstance(inputs, Tensor) and isinstance(target, Tensor)) or min(inputs.ndim, target.ndim) < 3:
        return
    scale = 1 if spec.pre_upsampled else spec.scale
    (h, w), (height, width) = inputs.shape[-2:], target.shape[-2:]
    if (height, width) != (h * scale, w * scale):
        raise ValueError(
            f'the network enlarges by {scale}, but inputs have {h} x {w} and their ground truth {height} x {width} '
            f'pixels: set the scale of model.generator to that of the data, or inherit the data of the scale (configs '
            f'named x2 and x3 have it)'
        )
