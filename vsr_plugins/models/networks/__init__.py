"""Networks: one method a file, tensors in, tensors out. A name is imported when it is first used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'basicvsr': ['BasicVSRNet'],
        'bicubic': ['BicubicNet'],
        'duf': ['DUFNet'],
        'edvr_stage2': ['EDVRStage2Net'],
        'espcn': ['ESPCNNet'],
        'frvsr': ['FRVSRNet'],
        'fsrcnn': ['FSRCNNNet'],
        'latent_attention': ['LatentAttentionNet'],
        'rrdb': ['RRDBNet'],
        'spmc': ['SPMCNet'],
        'temporal_adaptive': ['TemporalAdaptiveNet', 'TemporalBranchNet'],
        'two_stage': ['LinearBlendNet', 'TwoStageNet'],
        'vespcn': ['VESPCNNet'],
        'vsrnet': ['VSRNet'],
        'zooming_slow_mo': ['ZoomingSlowMoNet'],
    },
)
