"""Networks and their parts. What configs may name is registered in MMagic's ``MODELS``."""

from mmagic.registry import MODELS

from .blocks.attention import LatentHead, LongRangeAttention, ShortRangeAttention
from .data_preprocessors import PaddedDataPreprocessor
from .editors import LatentAttention
from .losses import EuclideanLoss, LumaLoss
from .networks import (
    AlignedNet,
    BicubicNet,
    DISFlow,
    DUFNet,
    DeformableAlignment,
    ESPCNNet,
    FSRCNNNet,
    FlowWarpAlignment,
    LatentAttentionNet,
    RectifiedFlowAlignment,
    SPyNetFlow,
    SpatialAlignmentNet,
    TemporalAdaptiveNet,
    TemporalBranchNet,
)

# Blocks know nothing of registries; those that fit into other networks get their names here.
for block in (LatentHead, LongRangeAttention, ShortRangeAttention):
    MODELS.register_module(module=block)

__all__ = [
    'AlignedNet',
    'BicubicNet',
    'DISFlow',
    'DUFNet',
    'DeformableAlignment',
    'ESPCNNet',
    'EuclideanLoss',
    'FSRCNNNet',
    'FlowWarpAlignment',
    'LatentAttention',
    'LatentAttentionNet',
    'LatentHead',
    'LongRangeAttention',
    'LumaLoss',
    'PaddedDataPreprocessor',
    'RectifiedFlowAlignment',
    'SPyNetFlow',
    'ShortRangeAttention',
    'SpatialAlignmentNet',
    'TemporalAdaptiveNet',
    'TemporalBranchNet',
]
