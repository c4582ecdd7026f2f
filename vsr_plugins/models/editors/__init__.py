"""Training wrappers: losses and data samples, where an upstream editor does not serve."""

from .latent_attention import LatentAttention

__all__ = ['LatentAttention']
