"""EDVR on frames of full size: the second stage of two-stage restoration, and EDVR with pre-deblurring."""

import torch
import torch.nn.functional as F
from mmagic.models.archs import ResidualBlockNoBN
from mmagic.models.editors.edvr.edvr_net import EDVRNet
from torch import Tensor, nn

from ..blocks.resize import pad_to_multiple

NEGATIVE_SLOPE = 0.1


class EDVRStage2Net(EDVRNet):
    """Upstream's EDVR with another first layer: strided convolutions for large frames, or pre-deblurring, or both.

    Paper:
        EDVR: Video Restoration with Enhanced Deformable Convolutional Networks. CVPR Workshops 2019: a
        shallower EDVR cascaded behind the first refines its output, the restored frames of full size. It has 15,025,635
        parameters, with pre-deblurring (for blurred frames) 17,698,659.

    Frames of full size are reduced to a quarter, where all layers work; the result is added to the centre frame.

    Args:
        in_channels: Channels of a frame.
        out_channels: Channels of the output.
        mid_channels: Channels of the features.
        num_frames: Frames of a window.
        deform_groups: Groups of the deformable convolutions.
        num_blocks_extraction: Residual blocks before the alignment.
        num_blocks_reconstruction: Residual blocks after the fusion.
        center_frame_idx: Index of the frame to restore; None for the centre.
        with_tsa: Temporal and spatial attention in the fusion.
        with_predeblur: Deblur the features on a pyramid before the alignment.
        hr_in: Input frames have full size and are not upsampled. Otherwise they are upsampled four times.
        init_cfg: See mmengine's ``BaseModule``.

    Raises:
        ValueError: If neither ``hr_in`` nor ``with_predeblur`` is set: use upstream's ``EDVRNet`` then.
    """

    output = 'center'

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 3,
        mid_channels: int = 128,
        num_frames: int = 5,
        deform_groups: int = 8,
        num_blocks_extraction: int = 5,
        num_blocks_reconstruction: int = 20,
        center_frame_idx: int | None = None,
        with_tsa: bool = True,
        with_predeblur: bool = False,
        hr_in: bool = True,
        init_cfg: dict | None = None,
    ) -> None:
        if not (hr_in or with_predeblur):
            raise ValueError('hr_in and with_predeblur are both False: set one of them, or use EDVRNet')
        super().__init__(
            in_channels,
            out_channels,
            mid_channels,
            num_frames,
            deform_groups,
            num_blocks_extraction,
            num_blocks_reconstruction,
            num_frames // 2 if center_frame_idx is None else center_frame_idx,
            with_tsa,
            init_cfg,
        )
        self.scale = 1 if hr_in else 4
        self.multiple_of = 16 if hr_in else 4
        self.window = num_frames
        del self.conv_first
        stem = PreDeblur if with_predeblur else StridedStem
        self.stem = stem(in_channels, mid_channels, num_strides=2 if hr_in else 0)

    # All networks of the package name their input so, upstream's does not.
    def forward(self, lqs: Tensor) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Centre frame: (n, num_frames, c, h, w) in [0, 1] -> (n, c, scale * h, scale * w), any size.

        Raises:
            ValueError: If the number of frames is not ``num_frames``.
        """
        t, h, w = lqs.shape[1], *lqs.shape[-2:]
        if t != self.window:
            raise ValueError(f'this EDVRStage2Net takes {self.window} frames, but got {t}: {tuple(lqs.shape)}')
        x = pad_to_multiple(lqs, self.multiple_of)
        base = x[:, self.center_frame_idx]

        level1 = self.feature_extraction(self.stem(x.flatten(0, 1)))
        level2 = self.feat_l2_conv2(self.feat_l2_conv1(level1))
        level3 = self.feat_l3_conv2(self.feat_l3_conv1(level2))
        frames = [level.unflatten(0, (-1, t)).unbind(1) for level in (level1, level2, level3)]
        reference = [level[self.center_frame_idx] for level in frames]
        aligned = torch.stack(
            [self.pcd_alignment(list(levels), reference) for levels in zip(*frames, strict=True)], dim=1
        )
        features = self.fusion(aligned if self.with_tsa else aligned.flatten(1, 2))

        x = self.reconstruction(features)
        x = self.lrelu(self.upsample1(x))
        x = self.lrelu(self.upsample2(x))
        x = self.conv_last(self.lrelu(self.conv_hr(x)))
        x = x + (base if self.scale == 1 else self.img_upsample(base))
        return x[..., : h * self.scale, : w * self.scale]


class StridedStem(nn.Module):
    """A convolution, then strided ones that halve the size.

    Args:
        in_channels: Channels of a frame.
        mid_channels: Channels of the features.
        num_strides: Number of halvings.
    """

    def __init__(self, in_channels: int, mid_channels: int, num_strides: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList([nn.Conv2d(in_channels, mid_channels, 3, padding=1)])
        self.convs.extend(nn.Conv2d(mid_channels, mid_channels, 3, 2, 1) for _ in range(num_strides))

    def forward(self, x: Tensor) -> Tensor:
        """(m, in_channels, h, w) -> (m, mid_channels, h / 2^num_strides, w / 2^num_strides)."""
        for conv in self.convs:
            x = F.leaky_relu(conv(x), NEGATIVE_SLOPE, inplace=True)
        return x


class PreDeblur(nn.Module):
    """Residual blocks on three pyramid levels, merged from coarse to fine.

    Args:
        in_channels: Channels of a frame.
        mid_channels: Channels of the features.
        num_strides: Number of halvings before the pyramid.
    """

    def __init__(self, in_channels: int, mid_channels: int, num_strides: int) -> None:
        super().__init__()
        self.stem = StridedStem(in_channels, mid_channels, num_strides)
        self.conv_l2 = nn.Conv2d(mid_channels, mid_channels, 3, 2, 1)
        self.conv_l3 = nn.Conv2d(mid_channels, mid_channels, 3, 2, 1)
        self.blocks_l1 = nn.ModuleList(ResidualBlockNoBN(mid_channels) for _ in range(5))
        self.blocks_l2 = nn.ModuleList(ResidualBlockNoBN(mid_channels) for _ in range(2))
        self.block_l3 = ResidualBlockNoBN(mid_channels)
        self.conv_last = nn.Conv2d(mid_channels, mid_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(m, in_channels, h, w) -> (m, mid_channels, h / 2^num_strides, w / 2^num_strides)."""
        level1 = self.stem(x)
        level2 = F.leaky_relu(self.conv_l2(level1), NEGATIVE_SLOPE)
        level3 = F.leaky_relu(self.conv_l3(level2), NEGATIVE_SLOPE)
        level2 = self.blocks_l2[0](level2) + _double(self.block_l3(level3))
        level2 = _double(self.blocks_l2[1](level2))
        level1 = self.blocks_l1[1](self.blocks_l1[0](level1)) + level2
        for block in self.blocks_l1[2:]:
            level1 = block(level1)
        return self.conv_last(level1)


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode='bilinear', align_corners=False)
