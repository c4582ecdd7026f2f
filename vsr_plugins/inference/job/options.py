"""Options of an upscale."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from torch import nn

LATEST = 10**8  # seconds, three years; times beyond do not fit their numbers
# Frames of the source in a segment: what an interrupted run has to do again, and the unit that processes share.
SEGMENT_LENGTH = 240


@dataclass(frozen=True)
class ModelOptions:
    """The network, and how it computes.

    Attributes:
        name: Name of a pretrained model, see ``vsr_plugins.pretrained``, or a model. Without name and config, the best
            on this machine.
        config: Config of the model, instead of a name.
        checkpoint: Its weights.
        device: ``'cpu'``, ``'cuda'``, ...; None takes CUDA where there is any.
        precision: See ``VideoPredictor``.
        tile: Height and width of tiles, pixels of the source; None chooses by memory, 0 takes frames whole.
    """

    name: str | nn.Module | None = None
    config: str | Path | None = None
    checkpoint: str | Path | None = None
    device: str | None = None
    precision: Literal['auto', 'float32', 'half'] = 'auto'
    tile: int | None = None


@dataclass(frozen=True)
class SourceOptions:
    """The part of the source that is upscaled.

    Attributes:
        start: Seconds to leave out at the beginning.
        duration: Seconds to upscale; None for all.
        fps: Frames per second of images; 25 by default.

    Raises:
        ValueError: If a time is negative or beyond three years.
    """

    start: float = 0.0
    duration: float | None = None
    fps: float | Fraction | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start < LATEST or not (self.duration is None or 0 < self.duration < LATEST):
            raise ValueError(
                'start must be 0 or more and duration be positive, in seconds, but got '
                f'{self.start} and {self.duration}'
            )


@dataclass(frozen=True)
class OutputOptions:
    """What is written.

    Attributes:
        images: Folder for PNG images beside a video.
        codec: Encoder, by FFmpeg's name; None keeps the codec of the source where the target takes it.
        crf: Constant rate factor of the encoder; None is visually near lossless.
        audio: Copy the sound.
        subtitles: Copy the subtitles.
    """

    images: str | Path | None = None
    codec: str | None = None
    crf: int | None = None
    audio: bool = True
    subtitles: bool = True


@dataclass(frozen=True)
class JobOptions:
    """What happens to targets that are there, and to those that are interrupted.

    Attributes:
        force: Replace a target that is there.
        resume: Go on with an upscale that was interrupted; one that is complete is left as it is.
        on_interrupt: What ``KeyboardInterrupt`` leaves: ``'keep'`` a target of what is done, which ``resume`` goes on
            with, ``'discard'`` nothing.
        segment_length: Frames of a segment, the least that can be resumed.

    Raises:
        ValueError: If ``on_interrupt`` is neither, or a segment has no frame.
    """

    force: bool = False
    resume: bool = False
    on_interrupt: Literal['keep', 'discard'] = 'keep'
    segment_length: int = SEGMENT_LENGTH

    def __post_init__(self) -> None:
        if self.on_interrupt not in ('keep', 'discard'):
            raise ValueError(f"on_interrupt must be 'keep' or 'discard', but got {self.on_interrupt!r}")
        if self.segment_length < 1:
            raise ValueError(f'a segment must be of at least 1 frame, but got {self.segment_length}')
