"""Register networks and blocks in MMagic's ``MODELS``; the modules themselves do not import registries."""

from mmagic.registry import MODELS

from .blocks.attention import LongRangeAttention, ShortRangeAttention
from .blocks.deformable_conv_lstm import DeformableConvLSTM
from .blocks.pyramid_alignment import FeatureTemporalInterpolation
from .blocks.stochastic import LatentHead
from .build import NETWORKS, find_network

# MMagic registers these names; ours are the same networks, with the same parameters, for use without MMagic.
OF_UPSTREAM = frozenset({'BasicVSRNet', 'RRDBNet'})
BLOCKS = (DeformableConvLSTM, FeatureTemporalInterpolation, LatentHead, LongRangeAttention, ShortRangeAttention)

for name in sorted(NETWORKS - OF_UPSTREAM):
    MODELS.register_module(module=find_network(name))
for block in BLOCKS:
    MODELS.register_module(module=block)
