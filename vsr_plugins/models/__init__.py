"""Networks and their parts. What configs may name is registered in MMagic's ``MODELS``."""

from mmagic.registry import MODELS

from .blocks.attention import LatentHead, LongRangeAttention, ShortRangeAttention
from .data_preprocessors import PaddedDataPreprocessor
from .losses import LumaLoss
from .networks import (
    BicubicNet,
    DUFNet,
    ESPCNNet,
    LatentAttentionNet,
)

# Blocks know nothing of registries; those that fit into other networks get their names here.
for block in (LatentHead, LongRangeAttention, ShortRangeAttention):
    MODELS.register_module(module=block)

__all__ = [
    'BicubicNet',
    'DUFNet',
    'ESPCNNet',
    'LatentAttentionNet',
    'LatentHead',
    'LongRangeAttention',
    'LumaLoss',
    'PaddedDataPreprocessor',
    'ShortRangeAttention',
]
