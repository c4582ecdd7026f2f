"""Networks: one file each, tensors in, tensors out."""

from .bicubic import BicubicNet
from .duf import DUFNet
from .espcn import ESPCNNet
from .latent_attention import LatentAttentionNet

__all__ = [
    'BicubicNet',
    'DUFNet',
    'ESPCNNet',
    'LatentAttentionNet',
]
