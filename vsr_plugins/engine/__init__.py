"""Training that can be stopped anywhere and continued as if it had not been."""

from .loops import ResumableIterBasedTrainLoop
from .random_state import RandomStateHook

__all__ = ['RandomStateHook', 'ResumableIterBasedTrainLoop']
