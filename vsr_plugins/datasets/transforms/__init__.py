"""Transforms beside upstream's: what it takes to train from ground truth alone, on clips of any length."""

from .degrade_frames import DegradeFrames
from .frame_lists import KeepCenterFrame, SampleSegment, StackFrames
from .frame_rate import HalveFrameRate
from .key_frames import AppendKeyFrames, DropKeyFrames
from .load_frames import LoadFrames

__all__ = [
    'AppendKeyFrames',
    'DegradeFrames',
    'DropKeyFrames',
    'HalveFrameRate',
    'KeepCenterFrame',
    'LoadFrames',
    'SampleSegment',
    'StackFrames',
]
