"""Training wrappers: losses and data samples, where an upstream editor does not serve."""

from .latent_attention import LatentAttention
from .robust_vsr import RobustVSR

__all__ = ['LatentAttention', 'RobustVSR']
