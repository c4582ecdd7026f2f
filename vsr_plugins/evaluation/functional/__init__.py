"""Measures of images and clips on arrays: numpy and OpenCV, and PyTorch for ``lpips`` and ``dists`` only."""

from .color import luma
from .dists import dists
from .lpips import lpips
from .niqe import niqe
from .psnr import psnr
from .ssim import ssim
from .tof import tof
from .vmaf import vmaf
from .warping_error import warping_error

__all__ = ['dists', 'lpips', 'luma', 'niqe', 'psnr', 'ssim', 'tof', 'vmaf', 'warping_error']
