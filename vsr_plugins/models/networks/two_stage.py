"""Space-time super-resolution by two networks, one for time and one for space."""

import inspect
from pathlib import Path

import torch
from torch import Tensor, nn

from ...temporal_windows import window_indices
from ..blocks.resize import pad_to_multiple
from ..build import build_network
from ..named_weights import load_named_weights
from .base import Network

ORDERS = ('interpolate_first', 'restore_first')


class LinearBlendNet(Network):
    """The mean of two frames: interpolation that knows nothing of motion. It has no parameters.

    Args:
        init_cfg: See ``Network``.
    """

    multiple_of = 1

    def forward(self, pair: Tensor) -> Tensor:
        """(n, 2, c, h, w) -> (n, c, h, w)."""
        return pair.mean(dim=1)


class TwoStageNet(Network):
    """Frame interpolation and video super-resolution one after the other, in either order.

    What one-stage networks are compared with ("Zooming Slow-Mo", CVPR 2020, section 4.2). Both parts are any registered
    networks, upstream's among them, with weights of their own. It is meant for measuring; the parts are trained apart.

    CAIN pads frames by itself, as upstream's editor asks it to: by reflection, to multiples of 128. For other parts
    that are not of this package, whose networks take any size, frames are filled to multiples of eight by repeating the
    last row and column, and cropped again.

    Args:
        interpolator: Network that makes the frame between two: (n, interpolator_window, c, h, w) -> (n, c, h, w).
        restorer: Network that enlarges: (n, t, c, h, w) -> (n, t, c, s * h, s * w), or with ``restorer_window``
            (n, restorer_window, c, h, w) -> (n, c, s * h, s * w).
        order: ``'interpolate_first'`` or ``'restore_first'``.
        interpolator_window: Frames that the interpolator is given, even; the missing one is in their middle. Beyond the
            ends of a clip its end is repeated.
        restorer_window: Frames that a centre-frame restorer is given, odd; beyond the ends the clip is mirrored. None:
            the restorer takes whole clips.
        scale: Enlargement of the restorer.
        interpolator_weights: Local checkpoint of the interpolator or of an editor around it; None leaves it as
            initialised. So does a file that is not there, which ``missing_files`` lists.
        restorer_weights: As ``interpolator_weights``.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``order`` or a window is none of those, or weights are those of another network.
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
        # Named and not on this machine. Cost and parameters are known without; whoever measures refuses.
        self.missing_files = [Path(weights).absolute() for _, weights in given if weights and not _is_there(weights)]
        # Whether the parts are as somebody trained them; without, there is nothing to measure.
        self.has_weights = all(
            _is_there(weights) or not any(True for _ in part.parameters()) for part, weights in given
        )

    def forward(self, lqs: Tensor) -> Tensor:
        """Interpolated: (n, t, c, h, w) in [0, 1] -> (n, 2t - 1, c, scale * h, scale * w)."""
        if self.order == 'interpolate_first':
            return self.restore(self.interpolate(lqs))
        return self.interpolate(self.restore(lqs))

    def interpolate(self, frames: Tensor) -> Tensor:
        """(n, t, c, h, w) -> (n, 2t - 1, c, h, w)."""
        t, h, w = frames.shape[1], *frames.shape[-2:]
        padded = frames if self.interpolator_pads else self._fill(frames, self.interpolator)
        asked = {'padding_flag': True} if self.interpolator_pads else {}
        reach = self.interpolator_window // 2
        outputs = [frames[:, 0]]
        for index in range(t - 1):
            near = [min(max(i, 0), t - 1) for i in range(index - reach + 1, index + reach + 1)]
            # Upstream's interpolators are trained on [-1, 1], and CAIN writes into its input, which this is a copy of.
            between = (self.interpolator(padded[:, near] * 2 - 1, **asked) + 1) / 2
            outputs += [between[..., :h, :w], frames[:, index + 1]]
        return torch.stack(outputs, dim=1)

    def restore(self, frames: Tensor) -> Tensor:
        """(n, t, c, h, w) -> (n, t, c, scale * h, scale * w)."""
        t, h, w = frames.shape[1], *frames.shape[-2:]
        padded = self._fill(frames, self.restorer)
        if self.restorer_window is None:
            restored = self.restorer(padded)
        else:
            windows = [window_indices(index, t, self.restorer_window) for index in range(t)]
            restored = torch.stack([self.restorer(padded[:, window]) for window in windows], dim=1)
        return restored[..., : h * self.scale, : w * self.scale]

    def _fill(self, frames: Tensor, network: nn.Module) -> Tensor:
        """Frames of a size that ``network`` takes; one that says what it needs sees to it itself."""
        return frames if hasattr(network, 'multiple_of') else pad_to_multiple(frames, self.multiple_of)


def _build(config: dict, weights: str | None) -> nn.Module:
    network = build_network(config)
    if _is_there(weights):
        load_named_weights(network, weights)
    return network


def _is_there(weights: str | None) -> bool:
    return weights is not None and Path(weights).expanduser().is_file()
