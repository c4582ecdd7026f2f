"""Space-time super-resolution by two networks, one for time and one for space."""

import inspect
from pathlib import Path
from typing import TypeGuard

import torch
from torch import Tensor, nn

from ...temporal_windows import window_indices
from ..blocks.resize import pad_to_multiple
from ..build import build_network
from ..named_weights import load_named_weights
from .base import Network

ORDERS = ('interpolate_first', 'restore_first')


class LinearBlendNet(Network):
    """The mean of two frames: interpolation without motion. It has no parameters.

    Args:
        init_cfg: See ``Network``.
    """

    multiple_of = 1

    def forward(self, pair: Tensor) -> Tensor:
        """(n, 2, c, h, w) -> (n, c, h, w)."""
        return pair.mean(dim=1)


class TwoStageNet(Network):
    """Frame interpolation and video super-resolution one after the other, in either order.

    The baseline of one-stage networks ("Zooming Slow-Mo", CVPR 2020, section 4.2). Both parts are any registered
    networks, upstream's among them, with their own weights. It is meant for measuring; the parts are trained
    separately.

    CAIN pads frames by itself, as upstream's editor requests: by reflection, to multiples of 128. For other parts from
    outside this package (whose networks take any size), frames are padded to multiples of eight by repeating the last
    row and column, and cropped again.

    Args:
        interpolator: Network that synthesises the frame between two: (n, interpolator_window, c, h, w) -> (n, c, h, w).
        restorer: Network that upsamples: (n, t, c, h, w) -> (n, t, c, s * h, s * w), or with ``restorer_window``
            (n, restorer_window, c, h, w) -> (n, c, s * h, s * w).
        order: ``'interpolate_first'`` or ``'restore_first'``.
        interpolator_window: Frames that the interpolator takes, even; the missing one is in their middle. Beyond the
            ends of a clip the end frame is repeated.
        restorer_window: Frames that a centre-frame restorer takes, odd; beyond the ends the clip is mirrored. None:
            the restorer takes complete clips.
        scale: Upscaling factor of the restorer.
        interpolator_weights: Local checkpoint of the interpolator or of an editor around it. None, or a file that does
            not exist, keeps the initial weights; ``missing_files`` lists the latter.
        restorer_weights: As ``interpolator_weights``.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``order`` or a window is invalid, or weights belong to another network.
    """

    multiple_of = 8
    window = None
    output = 'interpolated'

    def __init__(
        self,
        interpolator: dict,
        restorer: dict,
        order: str = 'interpolate_first',
        interpolator_window: int = 2,
        restorer_window: int | None = None,
        scale: int = 4,
        interpolator_weights: str | None = None,
        restorer_weights: str | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if order not in ORDERS:
            raise ValueError(f'order must be one of {", ".join(ORDERS)}, but got {order!r}')
        if interpolator_window < 2 or interpolator_window % 2:
            raise ValueError(f'interpolator_window must be even and at least 2, but got {interpolator_window}')
        if restorer_window is not None and restorer_window % 2 != 1:
            raise ValueError(f'restorer_window must be None or odd, but got {restorer_window}')
        self.order = order
        self.interpolator_window = interpolator_window
        self.restorer_window = restorer_window
        self.scale = scale
        self.interpolator = _build(interpolator, interpolator_weights)
        self.restorer = _build(restorer, restorer_weights)
        self.interpolator_pads = 'padding_flag' in inspect.signature(self.interpolator.forward).parameters
        given = ((self.interpolator, interpolator_weights), (self.restorer, restorer_weights))
        # Named files that do not exist. Cost and parameter counts need no weights; measuring code must refuse them.
        self.missing_files = [Path(weights).absolute() for _, weights in given if weights and not _exists(weights)]
        # Whether all parts have trained weights or no parameters; otherwise there is nothing to measure.
        self.has_weights = all(_exists(weights) or not any(True for _ in part.parameters()) for part, weights in given)

    def forward(self, lqs: Tensor) -> Tensor:
        """Interpolated: (n, t, c, h, w) in [0, 1] -> (n, 2t - 1, c, scale * h, scale * w)."""
        if self.order == 'interpolate_first':
            return self.restore(self.interpolate(lqs))
        return self.interpolate(self.restore(lqs))

    def interpolate(self, frames: Tensor) -> Tensor:
        """(n, t, c, h, w) -> (n, 2t - 1, c, h, w)."""
        t, h, w = frames.shape[1], *frames.shape[-2:]
        padded = frames if self.interpolator_pads else self._pad(frames, self.interpolator)
        options = {'padding_flag': True} if self.interpolator_pads else {}
        half = self.interpolator_window // 2
        outputs = [frames[:, 0]]
        for index in range(t - 1):
            near = [min(max(i, 0), t - 1) for i in range(index - half + 1, index + half + 1)]
            # Upstream's interpolators are trained on [-1, 1], and CAIN modifies its input, here a copy.
            between = (self.interpolator(padded[:, near] * 2 - 1, **options) + 1) / 2
            outputs += [between[..., :h, :w], frames[:, index + 1]]
        return torch.stack(outputs, dim=1)

    def restore(self, frames: Tensor) -> Tensor:
        """(n, t, c, h, w) -> (n, t, c, scale * h, scale * w)."""
        t, h, w = frames.shape[1], *frames.shape[-2:]
        padded = self._pad(frames, self.restorer)
        if self.restorer_window is None:
            restored = self.restorer(padded)
        else:
            windows = [window_indices(index, t, self.restorer_window) for index in range(t)]
            restored = torch.stack([self.restorer(padded[:, window]) for window in windows], dim=1)
        return restored[..., : h * self.scale, : w * self.scale]

    def _pad(self, frames: Tensor, network: nn.Module) -> Tensor:
        """Pad frames for ``network``, unless it declares its requirements and pads by itself."""
        return frames if hasattr(network, 'multiple_of') else pad_to_multiple(frames, self.multiple_of)


def _build(config: dict, weights: str | None) -> nn.Module:
    network = build_network(config)
    if _exists(weights):
        load_named_weights(network, weights)
    return network


def _exists(weights: str | None) -> TypeGuard[str]:
    return weights is not None and Path(weights).expanduser().is_file()
