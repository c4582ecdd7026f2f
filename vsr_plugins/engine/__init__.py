"""Training that can be stopped anywhere and continued as if it had not been."""

from .loops import ResumableIterBasedTrainLoop
from .resume_state import ResumeStateHook

__all__ = ['ResumableIterBasedTrainLoop', 'ResumeStateHook']
