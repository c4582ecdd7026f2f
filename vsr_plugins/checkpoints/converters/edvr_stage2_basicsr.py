"""Convert EDVR with pre-deblurring from BasicSR (XPixelGroup/BasicSR, basicsr/archs/edvr_arch.py).

Paper:
    EDVR: Video Restoration with Enhanced Deformable Convolutional Networks. CVPR Workshops 2019.
"""

from collections.abc import Mapping

from torch import Tensor

from .edvr_stage2_official import check_edvr
from .renaming import rename

NETWORK = 'EDVRStage2Net'
SOURCE = "BasicSR's EDVR with pre-deblurring"

RULES = (
    (r'predeblur\.conv_first\.', 'stem.stem.convs.0.'),
    (r'predeblur\.stride_conv_hr([12])\.', r'stem.stem.convs.\1.'),
    (r'predeblur\.stride_conv_l([23])\.', r'stem.conv_l\1.'),
    (r'predeblur\.resblock_l1\.', 'stem.blocks_l1.'),
    (r'predeblur\.resblock_l2_1\.', 'stem.blocks_l2.0.'),
    (r'predeblur\.resblock_l2_2\.', 'stem.blocks_l2.1.'),
    (r'predeblur\.resblock_l3\.', 'stem.block_l3.'),
    (r'conv_1x1\.', 'stem.conv_last.'),
    (r'conv_l([23])_([12])\.', r'feat_l\1_conv\2.conv.'),
    (r'pcd_align\.(offset_conv[123]|feat_conv)\.l([123])\.', r'pcd_alignment.\1.l\2.conv.'),
    (r'pcd_align\.cas_offset_conv([12])\.', r'pcd_alignment.cas_offset_conv\1.conv.'),
    (r'pcd_align\.(dcn_pack|cas_dcnpack)\.', r'pcd_alignment.\1.'),
    (r'(fusion\.(?:temporal_attn[12]|spatial_attn5|spatial_attn_add2)\.)', r'\1'),
    (r'(fusion\.(?:feat_fusion|spatial_attn\w+)\.)', r'\1conv.'),
    (r'(fusion\.(?:weight|bias))', r'\1'),
    (r'upconv([12])\.', r'upsample\1.upsample_conv.'),
    (r'((?:feature_extraction|reconstruction|conv_hr|conv_last)\.)', r'\1'),
)


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``EDVRStage2Net``; its arguments are inferred.

    Raises:
        ValueError: If they are not those of such a network; the message has the first keys.
    """
    return check_edvr(rename(state_dict, RULES, SOURCE), SOURCE)
