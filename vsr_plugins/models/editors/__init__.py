"""Training wrappers (losses, data samples) for cases that upstream's editors do not cover."""

from .latent_attention import LatentAttention
from .motion_compensated import MotionCompensatedVSR
from .robust_vsr import RobustVSR
from .video_esrgan import VideoESRGAN
from .zooming_slow_mo import ZoomingSlowMo

__all__ = ['LatentAttention', 'MotionCompensatedVSR', 'RobustVSR', 'VideoESRGAN', 'ZoomingSlowMo']
