"""From a trained model to frames and files."""

from .upscaling import Upscaled, upscale

__all__ = ['Upscaled', 'upscale']
