"""Aligners and optical flow for any network, imported on first use."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'aligners': ['AlignedNet', 'FlowWarpAlignment', 'RectifiedFlowAlignment', 'SpatialAlignmentNet'],
        'deformable': ['DeformableAlignment'],
        'optical_flow': ['DISFlow', 'SPyNetFlow'],
    },
)
