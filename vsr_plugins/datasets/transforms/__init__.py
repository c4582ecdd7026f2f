"""Additional transforms, to train on clips of any length from ground truth only."""

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
