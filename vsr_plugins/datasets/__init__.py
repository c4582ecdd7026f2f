"""Data sets and transforms: what upstream's ``BasicFramesDataset`` cannot say. Raw data is prepared in ``prepare``."""

from .clip_frames import ClipFramesDataset
from .photo_motion import PhotoMotionDataset
from .transforms import DegradeFrames, KeepCenterFrame, LoadFrames, SampleSegment, StackFrames

__all__ = [
    'ClipFramesDataset',
    'DegradeFrames',
    'KeepCenterFrame',
    'LoadFrames',
    'PhotoMotionDataset',
    'SampleSegment',
    'StackFrames',
]
