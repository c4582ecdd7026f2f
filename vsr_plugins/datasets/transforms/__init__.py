"""Additional transforms, to train on clips of any length from ground truth only."""

from .degrade_frames import DegradeFrames
from .frame_lists import KeepCenterFrame, SampleSegment, StackFrames
from .frame_rate import HalveFrameRate
from .key_frames import AppendKeyFrames, DropKeyFrames
from .load_frames import LoadFrames
from .video_damage import BlurMotion, CompressVideo

__all__ = [
    'AppendKeyFrames',
    'BlurMotion',
    'CompressVideo',
    'DegradeFrames',
    'DropKeyFrames',
    'HalveFrameRate',
    'KeepCenterFrame',
    'LoadFrames',
    'SampleSegment',
    'StackFrames',
]
