"""Aligners: neighbouring frames brought onto a reference before a network sees them.

An aligner is any registered module that is called as ``aligner(neighbours, references)``, two of (m, c, h, w) in
[0, 1] -> (m, c, h, w). ``AlignedNet`` puts one before any network that restores the frame in the middle of a window.
"""

import math

import torch
from torch import Tensor, nn

from ..blocks.color import channels_of, luma
from ..blocks.resize import pad_to_multiple
from ..blocks.warping import flow_warp, shift_pixels
from ..build import build_network
from ..input_spec import input_spec
from ..networks.base import Network
from .patch_grid import PatchGrid
from .spatial_transformer import LocalizationNet, dense_motion, rectified_translation

DIS = dict(type='DISFlow')


class FlowWarpAlignment(Network):
    """Each pixel of a neighbour is fetched from where the optical flow says, between pixels by interpolation.

    Args:
        flow: Config of the optical flow, see ``optical_flow``.
        init_cfg: See ``Network``.
    """

    def __init__(self, flow: dict = DIS, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.flow = build_network(flow)

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Aligned neighbours, two of (m, c, h, w) -> (m, c, h, w).

        Raises:
            ValueError: If they are not of one size.
        """
        require_one_size(neighbours, references)
        return flow_warp(neighbours, self.flow(references, neighbours))


class RectifiedFlowAlignment(Network):
    """Each patch of a neighbour is moved by its average optical flow in whole pixels: nothing is interpolated.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 4.1, which names neither the
        flow nor the size of the patches. Here the flow is that of the whole frame, and pixels are fetched from the
        whole frame, so that a motion of any size leaves no empty border.

    Args:
        flow: Config of the optical flow, see ``optical_flow``.
        patch_size: Height and width of a patch, pixels of the input.
        keep_size: Height and width of its middle that is kept on whole frames, see ``PatchGrid``.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``keep_size`` does not fit ``patch_size``.
    """

    def __init__(
        self, flow: dict = DIS, patch_size: int = 36, keep_size: int = 30, init_cfg: dict | None = None
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.flow = build_network(flow)
        self.grid = PatchGrid(patch_size, keep_size)

    @torch.no_grad()
    def translations(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """The motion of each patch, two of (m, c, h, w) -> (m, 2, rows, columns), whole pixels, dx first.

        Raises:
            ValueError: If they are not of one size.
        """
        require_one_size(neighbours, references)
        return rectified_translation(self.flow(references, neighbours), self.grid)

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Aligned neighbours, two of (m, c, h, w) -> (m, c, h, w).

        Raises:
            ValueError: If they are not of one size.
        """
        motion = dense_motion(self.translations(neighbours, references), self.grid, *neighbours.shape[-2:])
        return shift_pixels(neighbours, motion)


class SpatialAlignmentNet(Network):
    """A localization network for patches and a differentiable bilinear sampler, trained with what comes after.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 4.2.

    It is trained on frames of the size of one patch. A whole frame is cut into patches that overlap, each is given its
    motion, and its middle is kept. The paper moves the patch, whose border then is empty and is cut off; here pixels
    are fetched from the whole frame, which is the same for a motion within that border and finds what is there for a
    larger one.

    Args:
        color: What the localization network looks at, ``'y'`` (of RGB frames too) or ``'rgb'``.
        patch_size: Height and width of a patch, pixels of the input. The paper's middle of 30 pixels with a border of
            three is our reading.
        keep_size: Height and width of the middle that is kept on whole frames.
        transform: ``'translation'``, the paper's, or ``'affine'``.
        mid_channels: Kernels of each convolution.
        hidden: Units of the hidden layer.
        init_cfg: See ``Network``.

    Raises:
        ValueError: If ``color`` or ``transform`` is unknown, or a size does not fit.
    """

    def __init__(
        self,
        color: str = 'y',
        patch_size: int = 36,
        keep_size: int = 30,
        transform: str = 'translation',
        mid_channels: int = 32,
        hidden: int = 100,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.channels = channels_of(color)
        self.grid = PatchGrid(patch_size, keep_size)
        self.localization = LocalizationNet(self.channels, patch_size, transform, mid_channels, hidden)

    def motion(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """The motion of each patch, two of (m, c, h, w) -> (m, 2 or 6, rows, columns), see ``LocalizationNet``.

        Raises:
            ValueError: If they are not of one size, or not in channels that the localization network looks at.
        """
        require_one_size(neighbours, references)
        pair = (self.grid.patches(self._seen(frames)) for frames in (neighbours, references))
        patches = [frames.flatten(0, 2) for frames in pair]
        rows, columns = self.grid.shape(*neighbours.shape[-2:])
        return self.localization(*patches).float().unflatten(0, (-1, rows, columns)).permute(0, 3, 1, 2)

    def align(self, neighbours: Tensor, theta: Tensor) -> Tensor:
        """Move each patch by its motion, (m, c, h, w) and (m, 2 or 6, rows, columns) -> (m, c, h, w)."""
        return flow_warp(neighbours, dense_motion(theta, self.grid, *neighbours.shape[-2:]))

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Aligned neighbours, two of (m, c, h, w) -> (m, c, h, w).

        Raises:
            ValueError: If they are not of one size, or not in channels that the localization network looks at.
        """
        return self.align(neighbours, self.motion(neighbours, references))

    def _seen(self, frames: Tensor) -> Tensor:
        """Frames in the channels that the localization network looks at."""
        if frames.shape[1] == self.channels:
            return frames
        if self.channels != 1 or frames.shape[1] != 3:
            raise ValueError(f'the aligner looks at {self.channels} channels, but the frames have {frames.shape[1]}')
        return luma(frames).to(frames.dtype)


class AlignedNet(Network):
    """An aligner before a network that restores the frame in the middle of a window, ours or upstream's.

    Frames of any size: for networks of upstream that want a multiple of some number, the last row and column of the
    aligned frames are repeated, and the output is cropped.

    Args:
        network: Config of the network, (n, t, c, h, w) -> (n, c, scale * h, scale * w).
        aligner: Config of the aligner; None hands the frames on as they are.
        with_tsa: For upstream's editor of EDVR, which looks for it in the outermost config of its generator: whether
            the fusion module is trained alone at first. It must be what the network has; nothing here reads it.
        init_cfg: See ``Network``.

    Attributes:
        tile_multiple: Where tiles of a frame may begin, so that strides and the aligner's patches fall as in the whole
            frame: at multiples of this.
        tile_halo: Pixels that a tile is given beyond its border at least, for the patches there.

    Raises:
        ValueError: If the network does not say what it spec, restores more than the frame in the middle, so that
            there is no one frame to align to, takes frames that are enlarged already, or has another ``with_tsa``.
    """

    output = 'center'

    def __init__(
        self,
        network: dict,
        aligner: dict | None = None,
        with_tsa: bool | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.network: nn.Module = build_network(network)
        name = type(self.network).__name__
        spec = input_spec(self.network)
        if spec.output != 'center':
            raise ValueError(
                f'{name} restores all frames; an aligner needs a network that restores the one in the middle'
            )
        if spec.pre_upsampled:
            raise ValueError(f'{name} takes frames that are enlarged already; an aligner is for networks that enlarge')
        if with_tsa is not None and with_tsa != getattr(self.network, 'with_tsa', False):
            raise ValueError(f'with_tsa must be that of the network, but got {with_tsa} for {name}')
        self.aligner: nn.Module | None = None if aligner is None else build_network(aligner)
        self.scale = spec.scale
        self.window = spec.window
        self._filled = spec.multiple_of
        self.multiple_of = math.lcm(getattr(self.network, 'multiple_of', 1), spec.multiple_of)
        grid = getattr(self.aligner, 'grid', None)
        self.tile_multiple = self.multiple_of if grid is None else math.lcm(self.multiple_of, grid.keep_size)
        self.tile_halo = 0 if grid is None else (grid.patch_size - grid.keep_size) // 2

    def pairs(self, lqs: Tensor) -> tuple[Tensor, Tensor]:
        """Neighbours and the reference of each, (n, t, c, h, w) -> two of (n * (t - 1), c, h, w)."""
        center = lqs.shape[1] // 2
        neighbours = torch.cat((lqs[:, :center], lqs[:, center + 1 :]), dim=1)
        return neighbours.flatten(0, 1), lqs[:, center : center + 1].expand_as(neighbours).flatten(0, 1)

    def join(self, lqs: Tensor, aligned: Tensor) -> Tensor:
        """The clip with its neighbours aligned, (n, t, c, h, w) and (n * (t - 1), c, h, w) -> (n, t, c, h, w)."""
        center = lqs.shape[1] // 2
        aligned = aligned.unflatten(0, (len(lqs), -1)).to(lqs.dtype)
        return torch.cat((aligned[:, :center], lqs[:, center : center + 1], aligned[:, center:]), dim=1)

    def forward(self, lqs: Tensor, **kwargs: bool) -> Tensor:
        """The frame in the middle: (n, t, c, h, w) -> (n, c, scale * h, scale * w), or what the network returns.

        Args:
            lqs: In [0, 1].
            **kwargs: For the network.
        """
        if self.aligner is not None and lqs.shape[1] > 1:
            lqs = self.join(lqs, self.aligner(*self.pairs(lqs)))
        return self.restore(lqs, **kwargs)

    def restore(self, aligned: Tensor, **kwargs: bool) -> Tensor:
        """The frame in the middle of frames that are aligned already, as ``forward``."""
        filled = pad_to_multiple(aligned, self._filled)
        output = self.network(filled, **kwargs)
        if filled is aligned:
            return output
        h, w = (self.scale * size for size in aligned.shape[-2:])
        return output[..., :h, :w]


def require_one_size(neighbours: Tensor, references: Tensor) -> None:
    """Refuse neighbours and references that are not (m, c, h, w) of one shape, by a ``ValueError``."""
    if neighbours.ndim != 4 or neighbours.shape != references.shape:
        raise ValueError(
            'neighbours and references must be (m, c, h, w) of one size, but got '
            f'{tuple(neighbours.shape)} and {tuple(references.shape)}'
        )
