"""Networks: one file each, tensors in, tensors out."""

from .alignment import AlignedNet, DeformableAlignment, FlowWarpAlignment, RectifiedFlowAlignment, SpatialAlignmentNet
from .bicubic import BicubicNet
from .duf import DUFNet
from .edvr_stage2 import EDVRStage2Net
from .espcn import ESPCNNet
from .frvsr import FRVSRNet
from .fsrcnn import FSRCNNNet
from .latent_attention import LatentAttentionNet
from .optical_flow import DISFlow, SPyNetFlow
from .spmc import SPMCNet
from .temporal_adaptive import TemporalAdaptiveNet, TemporalBranchNet
from .two_stage import LinearBlendNet, TwoStageNet
from .vespcn import VESPCNNet
from .vsrnet import VSRNet
from .zooming_slow_mo import ZoomingSlowMoNet

__all__ = [
    'AlignedNet',
    'BicubicNet',
    'DISFlow',
    'DUFNet',
    'DeformableAlignment',
    'EDVRStage2Net',
    'ESPCNNet',
    'FRVSRNet',
    'FSRCNNNet',
    'FlowWarpAlignment',
    'LatentAttentionNet',
    'LinearBlendNet',
    'RectifiedFlowAlignment',
    'SPMCNet',
    'SPyNetFlow',
    'SpatialAlignmentNet',
    'TemporalAdaptiveNet',
    'TemporalBranchNet',
    'TwoStageNet',
    'VESPCNNet',
    'VSRNet',
    'ZoomingSlowMoNet',
]
