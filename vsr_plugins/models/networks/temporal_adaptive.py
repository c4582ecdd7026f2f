"""The temporal adaptive network of RobustVSR."""

import inspect
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..blocks.color import channels_of, run_in_color
from ..blocks.upsampling import whole_scale
from ..build import build_network, find_network
from .base import Network
from .espcn import ESPCNNet

WEIGHT_NORMS = (None, 'softmax')
ESPCN = dict(type='ESPCNNet')


class TemporalBranchNet(Network):
    """One branch of ``TemporalAdaptiveNet`` by itself: an image network on the frames of a window, one after the other.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 3.3: each branch is trained
        alone before they are joined.

    Args:
        num_frames: Frames the branch takes, odd.
        branch: Config of the image network, see ``build_branch``.
        scale: Enlargement, a whole number.
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
        """The frame in the middle: (n, t, c, h, w) in [0, 1] -> (n, c, scale * h, scale * w), any t and any size.

        Raises:
            ValueError: If these are no frames in the network's colour, or none.
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
    """Branches that look at 1, 3, .. 2N - 1 frames, and one that weighs them for each pixel.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 3. With three branches on Y and
        x4 it has 124,256 parameters.

    The paper's weights are free; a softmax over the branches is what a later rebuild of it does. The layers of the
    modulation branch are those of ESPCN, and it starts from the plain average of the branches; neither is stated.

    The branches share no features, and neighbouring windows none: the kernels of a first layer differ for each branch
    and each place in the window, so every product of a frame and a kernel occurs once, and after the ReLU that follows
    nothing is the same any more. With ``global_residual`` each branch of ``ESPCNNet`` enlarges the frame in the middle
    once more, by bicubic interpolation; so a branch is the same network alone and here.

    Args:
        num_branches: N.
        branch: Config of the image network of a branch, see ``build_branch``, or a sequence of N of them.
        weight_norm: None or ``'softmax'``.
        scale: Enlargement, a whole number.
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
        nn.init.normal_(self.modulation.conv3.weight, std=1e-3)
        nn.init.constant_(self.modulation.conv3.bias, 1 / num_branches)

    def forward(self, lqs: Tensor, return_weights: bool = False) -> Tensor | tuple[Tensor, Tensor]:
        """The frame in the middle: (n, t, c, h, w) in [0, 1] -> (n, c, scale * h, scale * w), any t and any size.

        Args:
            lqs: A window; of a longer one the frames in the middle are taken, in a shorter one the outermost repeat.
            return_weights: Return the weight maps too.

        Returns:
            The frame, or it and the weight maps (n, N, scale * h, scale * w).

        Raises:
            ValueError: If these are no frames in the network's colour, or none.
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
        """Each branch's, (n, 2N - 1, c, h, w) in the network's colour -> (n, N, c, scale * h, scale * w)."""
        outputs = [branch(center_frames(frames, 2 * i + 1).flatten(1, 2)) for i, branch in enumerate(self.branches)]
        return torch.stack(outputs, dim=1)

    def weight_maps(self, frames: Tensor) -> Tensor:
        """The modulation branch's, (n, 2N - 1, c, h, w) in the network's colour -> (n, N, scale * h, scale * w)."""
        weights = self.modulation(frames.flatten(1, 2))
        return weights.softmax(dim=1) if self.weight_norm == 'softmax' else weights


def aggregate(estimates: Tensor, weights: Tensor) -> Tensor:
    """Sum of the estimates, each times its weight map (loss 2 of the paper).

    Args:
        estimates: (n, N, c, h, w).
        weights: (n, N, h, w).

    Returns:
        (n, c, h, w).
    """
    return (estimates * weights.unsqueeze(2)).sum(dim=1)


def center_frames(lqs: Tensor, size: int) -> Tensor:
    """The ``size`` frames around frame t // 2, the outermost repeated: (n, t, c, h, w) -> (n, size, c, h, w)."""
    t = lqs.shape[1]
    if t == 0:
        raise ValueError('a clip needs at least one frame, but got none')
    if t == size:
        return lqs
    center = t // 2
    index = torch.arange(center - size // 2, center + size // 2 + 1, device=lqs.device)
    return lqs[:, index.clamp(0, t - 1)]


def build_branch(config: dict, num_frames: int, channels: int, scale: int) -> nn.Module:
    """Build an image network that takes several frames as channels and gives one, enlarged.

    Any registered network fits that maps (n, c, h, w) to (n, c', scale * h, scale * w) and is told its channels as
    ``in_channels`` and ``out_channels``, or, as upstream's ``SRCNNNet``, as the ends of ``channels``; and its scale as
    ``scale`` or ``upscale_factor``. What a network has in ``as_branch`` are arguments where ``config`` says nothing.

    Raises:
        ValueError: If ``config`` has no type or says something else than what it is told, or if the network is told
            neither, or does not map what it should.
    """
    kind = config.get('type')
    if kind is None:
        raise ValueError(f'the config of a branch needs a type, but got {dict(config)}')
    network = find_network(kind)
    name = network.__name__
    parameters = inspect.signature(network.__init__).parameters
    taken = num_frames * channels
    told = {parameter: scale for parameter in ('scale', 'upscale_factor') if parameter in parameters}
    if {'in_channels', 'out_channels'} <= parameters.keys():
        told.update(in_channels=taken, out_channels=channels)
    elif 'channels' not in parameters:
        raise ValueError(f'{name} takes neither in_channels and out_channels nor channels: it is no branch')
    for parameter, value in told.items():
        if config.get(parameter, value) != value:
            raise ValueError(
                f'{name} as a branch of {num_frames} frames has {parameter}={value}, but its config says '
                f'{config[parameter]}; leave it out'
            )
    if 'in_channels' not in told:
        between = tuple(config.get('channels', parameters['channels'].default))[1:-1]
        told['channels'] = (taken, *between, channels)
    branch = build_network({**getattr(network, 'as_branch', {}), **config, **told})
    with torch.no_grad():
        try:
            shape = tuple(branch(torch.zeros(1, taken, 8, 8)).shape)
        except RuntimeError as error:
            raise ValueError(f'{name} does not take {num_frames} frames as {taken} channels') from error
    if shape != (1, channels, 8 * scale, 8 * scale):
        raise ValueError(f'{name} makes {shape} of (1, {taken}, 8, 8), not {channels} channels x{scale}')
    return branch


def _require_clip(lqs: Tensor) -> None:
    if lqs.ndim != 5:
        raise ValueError(f'a window of frames is (n, t, c, h, w), but got {tuple(lqs.shape)}')
