"""Training wrappers: losses and data samples, where an upstream editor does not serve."""

from .latent_attention import LatentAttention
from .motion_compensated import MotionCompensatedVSR
from .robust_vsr import RobustVSR
from .video_esrgan import VideoESRGAN
from .zooming_slow_mo import ZoomingSlowMo

__all__ = ['LatentAttention', 'MotionCompensatedVSR', 'RobustVSR', 'VideoESRGAN', 'ZoomingSlowMo']
