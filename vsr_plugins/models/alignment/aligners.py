"""Aligners: warp neighbouring frames onto a reference frame before they enter a network.

An aligner is any registered module called as ``aligner(neighbours, references)``: two tensors (m, c, h, w) in [0, 1]
-> (m, c, h, w). ``AlignedNet`` puts an aligner before any centre-frame network.
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
    """Warp the neighbours by optical flow, with bilinear interpolation.

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
            ValueError: If their shapes differ.
        """
        require_one_size(neighbours, references)
        return flow_warp(neighbours, self.flow(references, neighbours))


class RectifiedFlowAlignment(Network):
    """Shift each patch of a neighbour by its average optical flow, rounded to whole pixels: nothing is interpolated.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 4.1, which specifies neither
        the flow nor the patch size. This class computes the flow on the complete frame and fetches pixels from the
        complete frame, so a motion of any size leaves no empty border.

    Args:
        flow: Config of the optical flow, see ``optical_flow``.
        patch_size: Height and width of a patch, pixels of the input.
        keep_size: Height and width of the patch centre kept on frames larger than a patch, see ``PatchGrid``.
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
        """Motion of each patch, two of (m, c, h, w) -> (m, 2, rows, columns), whole pixels, dx first.

        Raises:
            ValueError: If their shapes differ.
        """
        require_one_size(neighbours, references)
        return rectified_translation(self.flow(references, neighbours), self.grid)

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Aligned neighbours, two of (m, c, h, w) -> (m, c, h, w).

        Raises:
            ValueError: If their shapes differ.
        """
        motion = dense_motion(self.translations(neighbours, references), self.grid, *neighbours.shape[-2:])
        return shift_pixels(neighbours, motion)


class SpatialAlignmentNet(Network):
    """A localization network on patches and a differentiable bilinear sampler, trained jointly with the network.

    Paper:
        Robust Video Super-Resolution With Learned Temporal Dynamics, ICCV 2017, section 4.2.

    It is trained on frames of the size of one patch. A larger frame is cut into overlapping patches; the motion of each
    patch is applied to its centre. The paper moves the patch and crops the border that becomes empty. This class
    fetches pixels from the complete frame: the result is the same for a motion within that border, and a larger motion
    finds real pixels.

    Args:
        color: Input colour of the localization network, ``'y'`` (computed from RGB frames too) or ``'rgb'``.
        patch_size: Height and width of a patch, pixels of the input. A centre of 30 pixels with a border of three is
            our reading of the paper.
        keep_size: Height and width of the patch centre kept on frames larger than a patch.
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
        """Motion of each patch, two of (m, c, h, w) -> (m, 2 or 6, rows, columns), see ``LocalizationNet``.

        Raises:
            ValueError: If their shapes differ, or the localization network does not take their channels.
        """
        require_one_size(neighbours, references)
        pair = (self.grid.patches(self._localization_input(frames)) for frames in (neighbours, references))
        patches = [frames.flatten(0, 2) for frames in pair]
        rows, columns = self.grid.shape(*neighbours.shape[-2:])
        return self.localization(*patches).float().unflatten(0, (-1, rows, columns)).permute(0, 3, 1, 2)

    def align(self, neighbours: Tensor, theta: Tensor) -> Tensor:
        """Move each patch by its motion, (m, c, h, w) and (m, 2 or 6, rows, columns) -> (m, c, h, w)."""
        return flow_warp(neighbours, dense_motion(theta, self.grid, *neighbours.shape[-2:]))

    def forward(self, neighbours: Tensor, references: Tensor) -> Tensor:
        """Aligned neighbours, two of (m, c, h, w) -> (m, c, h, w).

        Raises:
            ValueError: If their shapes differ, or the localization network does not take their channels.
        """
        return self.align(neighbours, self.motion(neighbours, references))

    def _localization_input(self, frames: Tensor) -> Tensor:
        """Convert frames to the channels that the localization network takes."""
        if frames.shape[1] == self.channels:
            return frames
        if self.channels != 1 or frames.shape[1] != 3:
            raise ValueError(f'the aligner takes frames of {self.channels} channels, but got {frames.shape[1]}')
        return luma(frames).to(frames.dtype)


class AlignedNet(Network):
    """An aligner followed by any centre-frame network, ours or upstream's.

    Takes frames of any size: for upstream networks that require a multiple of some number, the last row and column of
    the aligned frames are repeated, and the output is cropped.

    Args:
        network: Config of the network, (n, t, c, h, w) -> (n, c, scale * h, scale * w).
        aligner: Config of the aligner; None passes the frames on unaligned.
        with_tsa: Whether the fusion module is first trained alone. Upstream's EDVR editor reads it from the outermost
            config of its generator. It must equal the network's value; nothing here reads it.
        init_cfg: See ``Network``.

    Attributes:
        tile_multiple: Tiles of a frame may begin at multiples of this, so that strides and the aligner's patches fall
            as in the complete frame.
        tile_halo: Minimum margin of a tile, pixels on each side, for the patches at its border.

    Raises:
        ValueError: If the network declares no input spec, restores more than the centre frame (there is then no single
            reference), takes pre-upsampled frames, or has another ``with_tsa``.
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
                f'{name} returns {spec.output!r} frames; an aligner needs a network that returns the centre frame'
            )
        if spec.pre_upsampled:
            raise ValueError(f'{name} takes pre-upsampled frames; an aligner needs a network that upsamples')
        if with_tsa is not None and with_tsa != getattr(self.network, 'with_tsa', False):
            raise ValueError(f'with_tsa must equal the with_tsa of {name}, but got {with_tsa}')
        self.aligner: nn.Module | None = None if aligner is None else build_network(aligner)
        self.scale = spec.scale
        self.window = spec.window
        self._pad_multiple = spec.multiple_of
        self.multiple_of = math.lcm(getattr(self.network, 'multiple_of', 1), spec.multiple_of)
        grid = getattr(self.aligner, 'grid', None)
        self.tile_multiple = self.multiple_of if grid is None else math.lcm(self.multiple_of, grid.keep_size)
        self.tile_halo = 0 if grid is None else (grid.patch_size - grid.keep_size) // 2

    def pairs(self, lqs: Tensor) -> tuple[Tensor, Tensor]:
        """Neighbours and the reference frame of each, (n, t, c, h, w) -> two of (n * (t - 1), c, h, w)."""
        center = lqs.shape[1] // 2
        neighbours = torch.cat((lqs[:, :center], lqs[:, center + 1 :]), dim=1)
        return neighbours.flatten(0, 1), lqs[:, center : center + 1].expand_as(neighbours).flatten(0, 1)

    def join(self, lqs: Tensor, aligned: Tensor) -> Tensor:
        """Replace the neighbours by aligned ones, (n, t, c, h, w) and (n * (t - 1), c, h, w) -> (n, t, c, h, w)."""
        center = lqs.shape[1] // 2
        aligned = aligned.unflatten(0, (len(lqs), -1)).to(lqs.dtype)
        return torch.cat((aligned[:, :center], lqs[:, center : center + 1], aligned[:, center:]), dim=1)

    def forward(self, lqs: Tensor, **kwargs: bool) -> Tensor:
        """Return the centre frame: (n, t, c, h, w) -> (n, c, scale * h, scale * w), or the network's own output.

        Args:
            lqs: In [0, 1].
            **kwargs: Passed to the network.
        """
        if self.aligner is not None and lqs.shape[1] > 1:
            lqs = self.join(lqs, self.aligner(*self.pairs(lqs)))
        return self.restore(lqs, **kwargs)

    def restore(self, aligned: Tensor, **kwargs: bool) -> Tensor:
        """Restore the centre frame of frames that are already aligned; shapes as in ``forward``."""
        padded = pad_to_multiple(aligned, self._pad_multiple)
        output = self.network(padded, **kwargs)
        if padded is aligned:
            return output
        h, w = (self.scale * size for size in aligned.shape[-2:])
        return output[..., :h, :w]


def require_one_size(neighbours: Tensor, references: Tensor) -> None:
    """Raise ``ValueError`` unless neighbours and references are (m, c, h, w) of one shape."""
    if neighbours.ndim != 4 or neighbours.shape != references.shape:
        raise ValueError(
            'neighbours and references must be (m, c, h, w) of one size, but got '
            f'{tuple(neighbours.shape)} and {tuple(references.shape)}'
        )
