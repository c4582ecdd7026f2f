"""Measures of images and clips: arrays in, float out; numpy and OpenCV alone, and PyTorch where ``lpips`` is called."""

from .color import luma
from .lpips import lpips
from .psnr import psnr
from .ssim import ssim
from .tof import tof
from .warping_error import warping_error

__all__ = ['lpips', 'luma', 'psnr', 'ssim', 'tof', 'warping_error']
