"""Registers networks and blocks in MMagic's ``MODELS``; they know nothing of registries themselves."""

from mmagic.registry import MODELS

from . import networks
from .blocks.attention import LatentHead, LongRangeAttention, ShortRangeAttention
from .blocks.deformable_conv_lstm import DeformableConvLSTM
from .blocks.pyramid_alignment import FeatureTemporalInterpolation

# MMagic has these names; ours are the same networks, with the same parameters, for use without it.
OF_UPSTREAM = frozenset({'BasicVSRNet', 'RRDBNet'})
BLOCKS = (DeformableConvLSTM, FeatureTemporalInterpolation, LatentHead, LongRangeAttention, ShortRangeAttention)

for name in sorted(set(networks.__all__) - OF_UPSTREAM):
    MODELS.register_module(module=getattr(networks, name))
for block in BLOCKS:
    MODELS.register_module(module=block)
