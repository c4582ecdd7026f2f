"""Measures of images: arrays in, float out; numpy and OpenCV alone."""

from .color import luma
from .psnr import psnr
from .ssim import ssim

__all__ = ['luma', 'psnr', 'ssim']
