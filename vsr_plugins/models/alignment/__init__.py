"""Aligners and optical flow that any network can take. A name is imported when it is first used."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'aligners': ['AlignedNet', 'FlowWarpAlignment', 'RectifiedFlowAlignment', 'SpatialAlignmentNet'],
        'deformable': ['DeformableAlignment'],
        'optical_flow': ['DISFlow', 'SPyNetFlow'],
    },
)
