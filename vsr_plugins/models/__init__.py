"""Networks and their parts. What configs may name is registered in MMagic's ``MODELS``."""

from mmagic.registry import MODELS

from .blocks.attention import LatentHead, LongRangeAttention, ShortRangeAttention
from .blocks.deformable_conv_lstm import DeformableConvLSTM
from .blocks.pyramid_alignment import FeatureTemporalInterpolation
from .data_preprocessors import PaddedDataPreprocessor
from .editors import LatentAttention, MotionCompensatedVSR, RobustVSR, VideoESRGAN, ZoomingSlowMo
from .losses import EuclideanLoss, FlowSmoothnessLoss, HuberLoss, LumaLoss
from .networks import (
    AlignedNet,
    BicubicNet,
    DeformableAlignment,
    DISFlow,
    DUFNet,
    EDVRStage2Net,
    ESPCNNet,
    FlowWarpAlignment,
    FRVSRNet,
    FSRCNNNet,
    LatentAttentionNet,
    LinearBlendNet,
    RectifiedFlowAlignment,
    SpatialAlignmentNet,
    SPMCNet,
    SPyNetFlow,
    TemporalAdaptiveNet,
    TemporalBranchNet,
    TwoStageNet,
    VESPCNNet,
    VSRNet,
    ZoomingSlowMoNet,
)

# Blocks know nothing of registries; those that fit into other networks get their names here.
for block in (DeformableConvLSTM, FeatureTemporalInterpolation, LatentHead, LongRangeAttention, ShortRangeAttention):
    MODELS.register_module(module=block)

__all__ = [
    'AlignedNet',
    'BicubicNet',
    'DISFlow',
    'DUFNet',
    'DeformableAlignment',
    'DeformableConvLSTM',
    'EDVRStage2Net',
    'ESPCNNet',
    'EuclideanLoss',
    'FRVSRNet',
    'FSRCNNNet',
    'FeatureTemporalInterpolation',
    'FlowSmoothnessLoss',
    'FlowWarpAlignment',
    'HuberLoss',
    'LatentAttention',
    'LatentAttentionNet',
    'LatentHead',
    'LinearBlendNet',
    'LongRangeAttention',
    'LumaLoss',
    'MotionCompensatedVSR',
    'PaddedDataPreprocessor',
    'RectifiedFlowAlignment',
    'RobustVSR',
    'SPMCNet',
    'SPyNetFlow',
    'ShortRangeAttention',
    'SpatialAlignmentNet',
    'TemporalAdaptiveNet',
    'TemporalBranchNet',
    'TwoStageNet',
    'VESPCNNet',
    'VSRNet',
    'VideoESRGAN',
    'ZoomingSlowMo',
    'ZoomingSlowMoNet',
]
