"""The temporal adaptive network of RobustVSR."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..blocks.color import channels_of, run_in_color
from ..blocks.convolutions import init_normal
from ..blocks.upsampling import whole_scale
from ..build import build_network, find_network
from .base import Network
from .espcn import ESPCNNet

WEIGHT_NORMS = (None, 'softmax')
ESPCN = dict(type='ESPCNNet')


class TemporalBranchNet(Network):
    """A single branch of ``TemporalAdaptiveNet``: an image network on the concatenated frames of a window.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 3.3: each branch is trained
        alone before joint training.

    Args:
        num_frames: Frames the branch takes, odd.
        branch: Config of the image network, see ``build_branch``.
        scale: Upscaling factor, an integer.
        color: ``'y'``, the paper's, or ``'rgb'``.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``num_frames`` is even, or an argument does not fit.
    """

    multiple_of = 1
    output = 'center'

    def __init__(
        self,
        num_frames: int = 5,
        branch: dict = ESPCN,
        scale: int = 4,
        color: str = 'y',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_frames < 1 or num_frames % 2 == 0:
            raise ValueError(f'num_frames must be odd, a frame and its neighbours, but got {num_frames}')
        self.scale = scale = whole_scale(scale)
        self.window = num_frames
        self.color = color
        self.branch = build_branch(branch, num_frames, channels_of(color), scale)

    def forward(self, lqs: Tensor) -> Tensor:
        """Centre frame: (n, t, c, h, w) in [0, 1] -> (n, c, scale * h, scale * w), any t and any size.

        Raises:
            ValueError: If there is no frame, or the frames do not have the network's channels.
        """
        _require_clip(lqs)
        return run_in_color(
            lambda frames: self.branch(center_frames(frames, self.window).flatten(1, 2)),
            lqs,
            self.color,
            self.scale,
            output='center',
        )


class TemporalAdaptiveNet(Network):
    """Branches on 1, 3, .. 2N - 1 frames, and a modulation branch that weights them for each pixel.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 3. With three branches on Y and
        x4 it has 124,256 parameters.

    The paper's weights are unconstrained; a later reimplementation applies a softmax over the branches. The modulation
    branch has ESPCN's layers and starts from the plain average of the branches; the paper states neither. The branches
    share no features, nor do neighbouring windows: the kernels of a first layer differ for each branch and each place
    in the window, so every product of a frame and a kernel occurs once, and after the following ReLU no values
    coincide. With ``global_residual`` each branch of ``ESPCNNet`` repeats the bicubic upsampling of the centre frame;
    so a branch is the same network alone and here.

    Args:
        num_branches: N.
        branch: Config of the image network of a branch, see ``build_branch``, or a sequence of N of them.
        weight_norm: None or ``'softmax'``.
        scale: Upscaling factor, an integer.
        color: ``'y'``, the paper's, or ``'rgb'``.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If an argument does not fit.
    """

    multiple_of = 1
    output = 'center'

    def __init__(
        self,
        num_branches: int = 3,
        branch: dict | Sequence[dict] = ESPCN,
        weight_norm: str | None = None,
        scale: int = 4,
        color: str = 'y',
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if num_branches < 1:
            raise ValueError(f'num_branches must be at least 1, but got {num_branches}')
        if weight_norm not in WEIGHT_NORMS:
            raise ValueError(f"weight_norm must be None or 'softmax', but got {weight_norm!r}")
        branches = [branch] * num_branches if isinstance(branch, dict) else list(branch)
        if len(branches) != num_branches:
            raise ValueError(f'{num_branches} branches need one config or as many, but got {len(branches)}')
        self.scale = scale = whole_scale(scale)
        self.window = 2 * num_branches - 1
        self.weight_norm = weight_norm
        self.color = color
        channels = channels_of(color)
        self.branches = nn.ModuleList(
            build_branch(config, 2 * i + 1, channels, scale) for i, config in enumerate(branches)
        )
        self.modulation = ESPCNNet(self.window * channels, num_branches, scale, **ESPCNNet.as_branch)
        init_normal(self.modulation.conv3, std=1e-3, bias=1 / num_branches)

    def forward(self, lqs: Tensor, return_weights: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """Centre frame: (n, t, c, h, w) in [0, 1] -> (n, c, scale * h, scale * w), any t and any size.

        Args:
            lqs: A window; of a longer one the centre frames are taken, in a shorter one the outermost are repeated.
            return_weights: Return the weight maps too.

        Returns:
            The frame, or it and the weight maps (n, N, scale * h, scale * w).

        Raises:
            ValueError: If there is no frame, or the frames do not have the network's channels.
        """
        _require_clip(lqs)
        weights = []

        def estimate(frames: Tensor) -> Tensor:
            frames = center_frames(frames, self.window)
            weights.append(self.weight_maps(frames))
            return aggregate(self.estimates(frames), weights[0])

        output = run_in_color(estimate, lqs, self.color, self.scale, output='center')
        return (output, weights[0]) if return_weights else output

    def estimates(self, frames: Tensor) -> Tensor:
        """Output of each branch, (n, 2N - 1, c, h, w) in the network's colour -> (n, N, c, scale * h, scale * w)."""
        outputs = [branch(center_frames(frames, 2 * i + 1).flatten(1, 2)) for i, branch in enumerate(self.branches)]
        return torch.stack(outputs, dim=1)

    def weight_maps(self, frames: Tensor) -> Tensor:
        """Weight map of each branch, (n, 2N - 1, c, h, w) in the network's colour -> (n, N, scale * h, scale * w)."""
        weights = self.modulation(frames.flatten(1, 2))
        return weights.softmax(dim=1) if self.weight_norm == 'softmax' else weights


def aggregate(estimates: Tensor, weights: Tensor) -> Tensor:
    """Sum the estimates, each times its weight map (loss 2 of the paper).

    Args:
        estimates: (n, N, c, h, w).
        weights: (n, N, h, w).

    Returns:
        (n, c, h, w).
    """
    return (estimates * weights.unsqueeze(2)).sum(dim=1)


def center_frames(lqs: Tensor, size: int) -> Tensor:
    """Return the ``size`` frames around frame t // 2, the outermost repeated: (n, t, c, h, w) -> (n, size, c, h, w).

    Raises:
        ValueError: If the clip has no frame.
    """
    t = lqs.shape[1]
    if t == 0:
        raise ValueError('a clip needs at least one frame, but got none')
    if t == size:
        return lqs
    center = t // 2
    index = torch.arange(center - size // 2, center + size // 2 + 1, device=lqs.device)
    return lqs[:, index.clamp(0, t - 1)]


def build_branch(config: dict, num_frames: int, channels: int, scale: int) -> nn.Module:
    """Build an image network that takes several frames as channels and returns one, upsampled.

    Any registered network fits that maps (n, c, h, w) to (n, c', scale * h, scale * w), takes its channels as
    ``in_channels`` and ``out_channels``, or, as upstream's ``SRCNNNet``, as the ends of ``channels``, and its scale as
    ``scale`` or ``upscale_factor``. ``as_branch`` of a network holds defaults for arguments that ``config`` omits.

    Raises:
        ValueError: If ``config`` has no type or contradicts the values set here, or if the network takes neither form
            of channels, or returns another shape.
    """
    kind = config.get('type')
    if kind is None:
        raise ValueError(f'the config of a branch needs a type, but got {dict(config)}')
    network = find_network(kind)
    name = network.__name__
    parameters = inspect.signature(network.__init__).parameters
    taken = num_frames * channels
    fixed: dict[str, Any] = {parameter: scale for parameter in ('scale', 'upscale_factor') if parameter in parameters}
    if {'in_channels', 'out_channels'} <= parameters.keys():
        fixed.update(in_channels=taken, out_channels=channels)
    elif 'channels' not in parameters:
        raise ValueError(
            f'{name} cannot be a branch: it takes neither in_channels and out_channels nor channels as arguments'
        )
    for parameter, value in fixed.items():
        if config.get(parameter, value) != value:
            raise ValueError(
                f'{name} as a branch of {num_frames} frames has {parameter}={value}, but its config sets '
                f'{config[parameter]}; omit it'
            )
    if 'in_channels' not in fixed:
        between = tuple(config.get('channels', parameters['channels'].default))[1:-1]
        fixed['channels'] = (taken, *between, channels)
    branch = build_network({**getattr(network, 'as_branch', {}), **config, **fixed})
    with torch.no_grad():
        try:
            shape = tuple(branch(torch.zeros(1, taken, 8, 8)).shape)
        except RuntimeError as error:
            raise ValueError(f'{name} cannot take {num_frames} frames as {taken} channels') from error
    if shape != (1, channels, 8 * scale, 8 * scale):
        raise ValueError(
            f'{name} must return {channels} channels x{scale} for (1, {taken}, 8, 8), but returned {shape}'
        )
    return branch


def _require_clip(lqs: Tensor) -> None:
    if lqs.ndim != 5:
        raise ValueError(f'a window of frames must be (n, t, c, h, w), but got {tuple(lqs.shape)}')
