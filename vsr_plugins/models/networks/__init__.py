"""Networks: one file each, tensors in, tensors out."""

from .bicubic import BicubicNet
from .latent_attention import LatentAttentionNet

__all__ = ['BicubicNet', 'LatentAttentionNet']
