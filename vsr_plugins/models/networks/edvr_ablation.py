"""EDVR with less alignment than its pyramid, for ablations."""

from typing import Any

import torch
from mmagic.models.editors.edvr.edvr_net import EDVRNet
from torch import Tensor, nn

from ..blocks.pyramid_alignment import ModulatedDeformConv, activate
from ..blocks.resize import pad_to_multiple

ALIGNMENTS = ('pcd', 'deformable', 'none')


class EDVRAblatedNet(EDVRNet):
    """Upstream's EDVR whose pyramid, cascading and deformable alignment (PCD) can be reduced or left out.

    Paper:
        EDVR: Video Restoration with Enhanced Deformable Convolutional Networks. CVPR Workshops 2019, section 4.3.

    Args:
        alignment: ``'pcd'``, upstream's; ``'deformable'``, one deformable convolution at full resolution, whose offsets
            two convolutions predict from both frames; ``'none'``, the features as they are.
        **kwargs: As upstream's ``EDVRNet``.

    Raises:
        ValueError: If ``alignment`` is unknown.
    """

    scale = 4
    multiple_of = 4
    output = 'center'

    def __init__(self, alignment: str = 'none', **kwargs: Any) -> None:
        if alignment not in ALIGNMENTS:
            raise ValueError(f'alignment must be one of {", ".join(ALIGNMENTS)}, but got {alignment!r}')
        super().__init__(**kwargs)
        self.window = 2 * self.center_frame_idx + 1
        mid_channels, deform_groups = kwargs.get('mid_channels', 64), kwargs.get('deform_groups', 8)
        if alignment == 'deformable':
            self.pcd_alignment = SingleAlignment(mid_channels, deform_groups)
        elif alignment == 'none':
            self.pcd_alignment = NoAlignment()

    # All networks of the package name their input so, upstream's does not.
    def forward(self, lqs: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Centre frame: (n, num_frames, c, h, w) in [0, 1] -> (n, c, 4 * h, 4 * w), any size."""
        h, w = lqs.shape[-2:]
        return super().forward(pad_to_multiple(lqs, self.multiple_of))[..., : 4 * h, : 4 * w]


class SingleAlignment(nn.Module):
    """One deformable convolution at the finest level of the pyramid.

    Args:
        channels: Channels of the features.
        deform_groups: See ``ModulatedDeformConv``.
    """

    def __init__(self, channels: int, deform_groups: int) -> None:
        super().__init__()
        self.motion_conv1 = nn.Conv2d(2 * channels, channels, 3, padding=1)
        self.motion_conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.deform = ModulatedDeformConv(channels, deform_groups)

    def forward(self, moving: list[Tensor], target: list[Tensor]) -> Tensor:
        """Pyramids of a neighbour and of the reference, each level (n, c, h, w) -> (n, c, h, w)."""
        motion = activate(self.motion_conv1(torch.cat((moving[0], target[0]), dim=1)))
        motion = activate(self.motion_conv2(motion))
        return activate(self.deform(moving[0], motion))


class NoAlignment(nn.Module):
    """The features of a frame as they are."""

    def forward(self, moving: list[Tensor], target: list[Tensor]) -> Tensor:
        """Pyramids of a neighbour and of the reference -> the finest level of the neighbour, (n, c, h, w)."""
        return moving[0]
