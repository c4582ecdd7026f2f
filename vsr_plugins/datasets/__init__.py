"""Data sets and transforms beyond upstream's ``BasicFramesDataset``; ``prepare`` prepares raw data."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        'clip_frames': ['ClipFramesDataset'],
        'patch_bank': ['PatchBank', 'PatchBankDataset'],
        'photo_motion': ['PhotoMotionDataset'],
        'transforms': [
            'AppendKeyFrames',
            'DegradeFrames',
            'DropKeyFrames',
            'HalveFrameRate',
            'KeepCenterFrame',
            'LoadFrames',
            'SampleSegment',
            'StackFrames',
        ],
    },
)
