"""Feature alignment by deformable convolution over a three-level pyramid, and synthesis of frames between two.

Source: "Zooming Slow-Mo: Fast and Accurate One-Stage Space-Time Video Super-Resolution" (CVPR 2020), section 3.1; the
alignment is EDVR's (CVPR workshops 2019, section 3.2) without the cascaded step at its end.

Convention: offsets as in ``deform``; those of a level are in its own pixels, hence doubled for the next finer one.
Upsampling between levels is bilinear, ``align_corners=False``.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .convolutions import init_zero
from .deform import deform_conv2d

NEGATIVE_SLOPE = 0.1


class Pyramid(NamedTuple):
    """Features of a frame at full, half and quarter resolution: (n, c, h, w), (n, c, h/2, w/2), (n, c, h/4, w/4)."""

    level1: Tensor
    level2: Tensor
    level3: Tensor


class FeaturePyramid(nn.Module):
    """Compute levels 2 and 3 from level 1, each by a convolution of stride 2 and one of stride 1.

    Args:
        channels: Channels of every level.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.level2_conv1 = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.level2_conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.level3_conv1 = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.level3_conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, features: Tensor) -> Pyramid:
        """(n, c, h, w) -> its pyramid; odd sizes are rounded up from level to level."""
        level2 = activate(self.level2_conv2(activate(self.level2_conv1(features))))
        level3 = activate(self.level3_conv2(activate(self.level3_conv1(level2))))
        return Pyramid(features, level2, level3)


class ModulatedDeformConv(nn.Module):
    """3 x 3 deformable convolution with mask; a convolution predicts both from other features.

    The predicting convolution starts at zero: offsets 0, mask 1/2.

    Args:
        channels: Channels of the sampled features, of the features offsets are predicted from, and of the output.
        deform_groups: Groups of channels with separate offsets.

    Raises:
        ValueError: If ``channels`` is not a multiple of ``deform_groups``.
    """

    def __init__(self, channels: int, deform_groups: int) -> None:
        super().__init__()
        if deform_groups < 1 or channels % deform_groups:
            raise ValueError(f'{channels} channels cannot be divided into deform_groups={deform_groups}')
        self.deform_groups = deform_groups
        bound = 1 / math.sqrt(channels * 9)
        self.weight = nn.Parameter(torch.empty(channels, channels, 3, 3).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.zeros(channels))
        # Two thirds of the channels are offsets, the last third the mask before its sigmoid.
        self.conv_offset = nn.Conv2d(channels, 3 * 9 * deform_groups, 3, padding=1)
        init_zero(self.conv_offset)

    def forward(self, features: Tensor, motion: Tensor) -> Tensor:
        """Sample ``features`` (n, c, h, w) at offsets predicted from ``motion`` (n, c, h, w) -> (n, c, h, w)."""
        predicted = self.conv_offset(motion)
        offset, mask = predicted.split((18 * self.deform_groups, 9 * self.deform_groups), dim=1)
        return deform_conv2d(
            features, offset, self.weight, self.bias, padding=1, deform_groups=self.deform_groups, mask=mask.sigmoid()
        )


class AlignmentLevel(nn.Module):
    """One level of ``PyramidAlignment``.

    Args:
        channels: Channels of the features.
        deform_groups: See ``ModulatedDeformConv``.
        coarsest: Whether this is the coarsest level.
    """

    def __init__(self, channels: int, deform_groups: int, coarsest: bool) -> None:
        super().__init__()
        self.motion_conv1 = nn.Conv2d(2 * channels, channels, 3, padding=1)
        self.motion_conv2 = nn.Conv2d(channels if coarsest else 2 * channels, channels, 3, padding=1)
        self.deform = ModulatedDeformConv(channels, deform_groups)
        if not coarsest:
            self.motion_conv3 = nn.Conv2d(channels, channels, 3, padding=1)
            self.feature_conv = nn.Conv2d(2 * channels, channels, 3, padding=1)

    def forward(
        self, moving: Tensor, target: Tensor, coarser: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor]:
        """Align one level.

        Args:
            moving: Features to sample, (n, c, h, w).
            target: Features to align them with, same shape.
            coarser: Output of the next coarser level, its features activated.

        Returns:
            Motion features (offsets are predicted from them) and aligned features, both (n, c, h, w), the latter
            without activation.
        """
        motion = activate(self.motion_conv1(torch.cat((moving, target), dim=1)))
        if coarser is None:
            motion = activate(self.motion_conv2(motion))
            return motion, self.deform(moving, motion)
        size = moving.shape[-2:]
        coarse_motion, coarse_features = (
            F.interpolate(part, size=size, mode='bilinear', align_corners=False) for part in coarser
        )
        motion = activate(self.motion_conv2(torch.cat((motion, coarse_motion * 2), dim=1)))
        motion = activate(self.motion_conv3(motion))
        sampled = like_layout(self.deform(moving, motion), motion)
        return motion, self.feature_conv(torch.cat((sampled, coarse_features), dim=1))


class PyramidAlignment(nn.Module):
    """Align the features of one frame with another frame, from coarse to fine.

    Args:
        channels: Channels of the features.
        deform_groups: See ``ModulatedDeformConv``.
    """

    def __init__(self, channels: int, deform_groups: int) -> None:
        super().__init__()
        self.level3 = AlignmentLevel(channels, deform_groups, coarsest=True)
        self.level2 = AlignmentLevel(channels, deform_groups, coarsest=False)
        self.level1 = AlignmentLevel(channels, deform_groups, coarsest=False)

    def forward(self, moving: Pyramid, target: Pyramid) -> Tensor:
        """Two pyramids -> aligned features of ``moving``, (n, c, h, w)."""
        motion, features = self.level3(moving.level3, target.level3)
        motion, features = self.level2(moving.level2, target.level2, (motion, activate(features)))
        return self.level1(moving.level1, target.level1, (motion, activate(features)))[1]


class PyramidInterpolation(nn.Module):
    """Synthesise the features of a frame between two: sample both towards each other, then blend.

    Section 3.1, eqs. (1)-(5): ``alpha * T1 + beta * T2`` with learnt 1 x 1 convolutions alpha and beta, here one
    convolution of both. The two directions have separate weights. Networks that need the pyramids more than once build
    them by themselves; ``FeatureTemporalInterpolation`` takes features.

    Args:
        channels: Channels of the features.
        deform_groups: See ``ModulatedDeformConv``.
    """

    def __init__(self, channels: int = 64, deform_groups: int = 8) -> None:
        super().__init__()
        self.first = PyramidAlignment(channels, deform_groups)
        self.second = PyramidAlignment(channels, deform_groups)
        self.blend = nn.Conv2d(2 * channels, channels, 1)

    def forward(self, first: Pyramid, second: Pyramid) -> Tensor:
        """Pyramids of the frame before and the frame after -> features between them, (n, c, h, w)."""
        return self.blend(torch.cat((self.first(first, second), self.second(second, first)), dim=1))


class FeatureTemporalInterpolation(nn.Module):
    """``PyramidInterpolation`` with its own pyramids: a part for any network, features in, features out.

    Source: as ``PyramidInterpolation``, section 3.1.

    Args:
        channels: Channels of the features.
        deform_groups: See ``ModulatedDeformConv``.
    """

    def __init__(self, channels: int = 64, deform_groups: int = 8) -> None:
        super().__init__()
        self.pyramid = FeaturePyramid(channels)
        self.interpolation = PyramidInterpolation(channels, deform_groups)

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        """Features of the frame before and the frame after, two of (n, c, h, w) -> between them, (n, c, h, w).

        Any size: levels of the pyramids round up.

        Raises:
            ValueError: If their shapes differ.
        """
        if first.ndim != 4 or first.shape != second.shape:
            raise ValueError(
                f'features before and after must be (n, c, h, w) of one shape, but got {tuple(first.shape)} and '
                f'{tuple(second.shape)}'
            )
        return self.interpolation(self.pyramid(first), self.pyramid(second))


def activate(features: Tensor) -> Tensor:
    """Leaky ReLU in place: no layer before it needs its own output for the gradient."""
    return F.leaky_relu(features, NEGATIVE_SLOPE, inplace=True)


def like_layout(features: Tensor, other: Tensor) -> Tensor:
    """Put ``features`` into the layout of ``other``, so that concatenating them keeps the faster layout."""
    if other.is_contiguous(memory_format=torch.channels_last):
        return features.contiguous(memory_format=torch.channels_last)
    return features
