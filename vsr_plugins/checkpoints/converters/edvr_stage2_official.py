"""Convert EDVR's second stage and pre-deblurring from its authors (xinntao/EDVR, branch old_version, EDVR_arch.py).

Paper:
    EDVR: Video Restoration with Enhanced Deformable Convolutional Networks. CVPR Workshops 2019.

The names of the two temporal embeddings are swapped: theirs start with the neighbours, upstream's with the reference.
"""

from collections.abc import Mapping

from torch import Tensor

from .renaming import check_fits, count_numbers, rename, weight_of

NETWORK = 'EDVRStage2Net'
SOURCE = "the authors' EDVR on frames of full size"
GROUPED = 27  # channels of offsets and mask for each deformable group: nine taps of dy, dx and mask

RULES = (
    *((rf'conv_first_{i + 1}\.', f'stem.convs.{i}.') for i in range(3)),
    *((rf'pre_deblur\.conv_first_{i + 1}\.', f'stem.stem.convs.{i}.') for i in range(3)),
    (r'pre_deblur\.conv_first\.', 'stem.stem.convs.0.'),
    *((rf'pre_deblur\.RB_L1_{i + 1}\.', f'stem.blocks_l1.{i}.') for i in range(5)),
    *((rf'pre_deblur\.RB_L2_{i + 1}\.', f'stem.blocks_l2.{i}.') for i in range(2)),
    (r'pre_deblur\.RB_L3_1\.', 'stem.block_l3.'),
    (r'pre_deblur\.deblur_L([23])_conv\.', r'stem.conv_l\1.'),
    (r'conv_1x1\.', 'stem.conv_last.'),
    (r'fea_L([23])_conv([12])\.', r'feat_l\1_conv\2.conv.'),
    (r'pcd_align\.L([123])_offset_conv([123])\.', r'pcd_alignment.offset_conv\2.l\1.conv.'),
    (r'pcd_align\.L([123])_dcnpack\.conv_offset_mask\.', r'pcd_alignment.dcn_pack.l\1.conv_offset.'),
    (r'pcd_align\.L([123])_dcnpack\.', r'pcd_alignment.dcn_pack.l\1.'),
    (r'pcd_align\.L([12])_fea_conv\.', r'pcd_alignment.feat_conv.l\1.conv.'),
    (r'pcd_align\.cas_offset_conv([12])\.', r'pcd_alignment.cas_offset_conv\1.conv.'),
    (r'pcd_align\.cas_dcnpack\.conv_offset_mask\.', 'pcd_alignment.cas_dcnpack.conv_offset.'),
    (r'pcd_align\.cas_dcnpack\.', 'pcd_alignment.cas_dcnpack.'),
    (r'tsa_fusion\.tAtt_2\.', 'fusion.temporal_attn1.'),
    (r'tsa_fusion\.tAtt_1\.', 'fusion.temporal_attn2.'),
    (r'tsa_fusion\.fea_fusion\.', 'fusion.feat_fusion.conv.'),
    (r'tsa_fusion\.sAtt_5\.', 'fusion.spatial_attn5.'),
    (r'tsa_fusion\.sAtt_([1-4])\.', r'fusion.spatial_attn\1.conv.'),
    (r'tsa_fusion\.sAtt_L([123])\.', r'fusion.spatial_attn_l\1.conv.'),
    (r'tsa_fusion\.sAtt_add_1\.', 'fusion.spatial_attn_add1.conv.'),
    (r'tsa_fusion\.sAtt_add_2\.', 'fusion.spatial_attn_add2.'),
    (r'tsa_fusion\.(weight|bias)', r'fusion.\1'),
    (r'recon_trunk\.', 'reconstruction.'),
    (r'upconv([12])\.', r'upsample\1.upsample_conv.'),
    (r'HRconv\.', 'conv_hr.'),
    (r'(feature_extraction\.|conv_last\.)', r'\1'),
)


def convert(state_dict: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the weights under the names of ``EDVRStage2Net``; its arguments are inferred.

    Raises:
        ValueError: If they are not those of such a network; the message has the first keys. Weights of a first stage
            without pre-deblurring fit upstream's ``EDVRNet``.
    """
    return check_edvr(rename(state_dict, RULES, SOURCE), SOURCE)


def check_edvr(renamed: dict[str, Tensor], source: str) -> dict[str, Tensor]:
    """Check weights under our names against their ``EDVRStage2Net``.

    Raises:
        ValueError: If keys are missing or unexpected, or a shape differs.
    """
    from ...models.networks.edvr_stage2 import EDVRStage2Net

    def channels(key: str, default: int, dim: int = 0) -> int:
        value = weight_of(renamed, key, 4 if key.endswith('weight') else 1, source)
        return default if value is None else value.shape[dim]

    with_tsa = 'fusion.weight' not in renamed
    with_predeblur = any(key.startswith('stem.conv_l') for key in renamed)
    stem = 'stem.stem.convs.{}.weight' if with_predeblur else 'stem.convs.{}.weight'
    width = channels(stem.format(0), 128)
    fused = channels('fusion.feat_fusion.conv.weight' if with_tsa else 'fusion.weight', 5 * width, dim=1)

    def build() -> EDVRStage2Net:
        return EDVRStage2Net(
            in_channels=channels(stem.format(0), 3, dim=1),
            out_channels=channels('conv_last.bias', 3),
            mid_channels=width,
            num_frames=fused // width,
            deform_groups=channels('pcd_alignment.cas_dcnpack.conv_offset.bias', 8 * GROUPED) // GROUPED,
            num_blocks_extraction=count_numbers(renamed, r'feature_extraction\.(\d+)\.'),
            num_blocks_reconstruction=count_numbers(renamed, r'reconstruction\.(\d+)\.'),
            with_tsa=with_tsa,
            with_predeblur=with_predeblur,
            hr_in=not with_predeblur or stem.format(2) in renamed,
        )

    return check_fits(renamed, build, source)
