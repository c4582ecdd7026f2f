"""Run one-channel networks on RGB frames."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from .resize import bicubic_upsample

# Colours a network may work on, and their numbers of channels.
COLORS = {'y': 1, 'rgb': 3}

# ITU-R BT.601 for R, G, B in [0, 1]: 16/255 (black) to 235/255 (white), as MATLAB's rgb2ycbcr.
BLACK = 16 / 255
RANGE = 219 / 255
WEIGHTS = (65.481 / 255, 128.553 / 255, 24.966 / 255)


def channels_of(color: str) -> int:
    """Number of channels of a frame in ``color``.

    Raises:
        ValueError: If ``color`` is neither ``'y'`` nor ``'rgb'``.
    """
    if color not in COLORS:
        raise ValueError(f"color must be 'y' or 'rgb', but got {color!r}")
    return COLORS[color]


def luma(frames: Tensor) -> Tensor:
    """Y of BT.601 in studio range.

    Args:
        frames: (..., 3, h, w), RGB in [0, 1].

    Returns:
        (..., 1, h, w) in [16/255, 235/255], float32 or wider.
    """
    frames = frames.to(torch.promote_types(frames.dtype, torch.float32))
    weights = frames.new_tensor(WEIGHTS).reshape(3, 1, 1)
    return (frames * weights).sum(-3, keepdim=True) + BLACK


def with_luma(frames: Tensor, y: Tensor) -> Tensor:
    """Replace Y of the frames, keeping Cb and Cr.

    A change of Y changes R, G and B equally, so the difference of Y is added to each and no chroma is computed.

    Args:
        frames: (..., 3, h, w), RGB in [0, 1].
        y: (..., 1, h, w), as ``luma`` returns it.

    Returns:
        (..., 3, h, w), RGB, not clamped: ``luma`` of it is ``y``.
    """
    return frames + (y - luma(frames)) / RANGE


def run_in_color(
    function: Callable[[Tensor], Tensor],
    frames: Tensor,
    color: str,
    scale: int,
    output: Literal['all', 'center'] = 'all',
) -> Tensor:
    """Run a network on the colour it works on, and return the colour of the input.

    On ``'y'``, an RGB clip is upsampled as in papers of one-channel networks: the network takes Y, and Cb and Cr are
    upsampled by bicubic interpolation. Frames of one channel are treated as Y.

    Args:
        function: (n, t, c, h, w) -> (n, t, c, scale * h, scale * w), or (n, c, scale * h, scale * w) for the centre
            frame; c is 1 on ``'y'``, else 3.
        frames: (n, t, 3, h, w) in [0, 1], or (n, t, 1, h, w) where ``color`` is ``'y'``.
        color: ``'y'`` or ``'rgb'``.
        scale: Upscaling factor.
        output: ``'all'`` frames, or the ``'center'`` frame, index ``t // 2``.

    Returns:
        The output of ``function`` in the channels of ``frames``; after a colour conversion, in their dtype too.

    Raises:
        ValueError: If ``color`` is unknown or the frames do not have its channels.
    """
    channels = frames.shape[-3]
    if channels == channels_of(color):
        return function(frames)
    if color != 'y' or channels != 3:
        raise ValueError(f'a network on {color!r} takes frames of {channels_of(color)} channels, but got {channels}')
    y = function(luma(frames).to(frames.dtype))
    base = frames
    if output == 'center':
        center = frames.shape[1] // 2
        base = frames[:, center] if y.ndim == 4 else frames[:, center : center + 1]
    return with_luma(bicubic_upsample(base, scale), y).to(frames.dtype)
