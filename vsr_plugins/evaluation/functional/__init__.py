"""Measures of images and clips on arrays: numpy and OpenCV, and PyTorch for ``lpips`` only."""

from .color import luma
from .lpips import lpips
from .psnr import psnr
from .ssim import ssim
from .tof import tof
from .warping_error import warping_error

__all__ = ['lpips', 'luma', 'psnr', 'ssim', 'tof', 'warping_error']
