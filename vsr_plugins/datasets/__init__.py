"""Data sets and transforms: what upstream's ``BasicFramesDataset`` cannot say. Raw data is prepared in ``prepare``."""

from .clip_frames import ClipFramesDataset
from .photo_motion import PhotoMotionDataset
from .transforms import (
    AppendKeyFrames,
    DegradeFrames,
    DropKeyFrames,
    HalveFrameRate,
    KeepCenterFrame,
    LoadFrames,
    SampleSegment,
    StackFrames,
)

__all__ = [
    'AppendKeyFrames',
    'ClipFramesDataset',
    'DegradeFrames',
    'DropKeyFrames',
    'HalveFrameRate',
    'KeepCenterFrame',
    'LoadFrames',
    'PhotoMotionDataset',
    'SampleSegment',
    'StackFrames',
]
