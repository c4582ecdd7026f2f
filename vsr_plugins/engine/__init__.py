"""Training that can be stopped anywhere and continued as if it had not been."""

from .acceleration import AccelerationHook
from .bfloat16 import BFloat16OptimWrapper
from .latent_stage import LatentStageHook
from .load_parts import LoadPartsHook
from .loops import ResumableIterBasedTrainLoop
from .resume_state import ResumeStateHook

__all__ = [
    'AccelerationHook',
    'BFloat16OptimWrapper',
    'LatentStageHook',
    'LoadPartsHook',
    'ResumableIterBasedTrainLoop',
    'ResumeStateHook',
]
