"""Networks, one method a file: tensors in, tensors out. Names are imported on first use."""

from typing import Any

import lazy_loader

from ...moved import moved_name

_getattr, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'basicvsr': ['BasicVSRNet'],
        'bicubic': ['BicubicNet'],
        'cascade': ['CascadeNet'],
        'duf': ['DUFNet'],
        'edvr_ablation': ['EDVRAblatedNet'],
        'edvr_stage2': ['EDVRStage2Net'],
        'espcn': ['ESPCNNet'],
        'frvsr': ['FRVSRNet'],
        'fsrcnn': ['FSRCNNNet'],
        'latent_attention': ['LatentAttentionNet'],
        'plugged': ['PluggedNet'],
        'rrdb': ['RRDBNet'],
        'spmc': ['SPMCNet'],
        'temporal_adaptive': ['TemporalAdaptiveNet', 'TemporalBranchNet'],
        'two_stage': ['LinearBlendNet', 'TwoStageNet'],
        'vespcn': ['VESPCNNet'],
        'vsrnet': ['VSRNet'],
        'zooming_slow_mo': ['ZoomingSlowMoNet'],
    },
)


def __getattr__(name: str) -> Any:
    try:
        return _getattr(name)
    except AttributeError:
        return moved_name(__name__, name)
