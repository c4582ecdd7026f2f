"""Networks and their parts, imported on first use; ``registered`` adds them to MMagic's registry."""

import lazy_loader

from . import alignment, networks

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'blocks.attention': ['LongRangeAttention', 'ShortRangeAttention'],
        'blocks.stochastic': ['LatentHead'],
        'blocks.deformable_conv_lstm': ['DeformableConvLSTM'],
        'blocks.pyramid_alignment': ['FeatureTemporalInterpolation'],
        'data_preprocessors': ['PaddedDataPreprocessor'],
        'editors': ['LatentAttention', 'MotionCompensatedVSR', 'RobustVSR', 'VideoESRGAN', 'ZoomingSlowMo'],
        'losses': ['EuclideanLoss', 'FlowSmoothnessLoss', 'HuberLoss', 'LumaLoss'],
        'alignment': alignment.__all__,
        'networks': networks.__all__,
    },
)
