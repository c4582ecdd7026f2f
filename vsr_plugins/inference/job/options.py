"""Options of an upscale."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from PIL import ImageColor
from torch import nn

from ...media.encoding.animations import WRITTEN as ANIMATION_SUFFIXES
from ...media.encoding.planning import can_write
from ...media.images.image_encoding import can_write_image

MAX_SECONDS = 10**8  # three years; longer times do not fit the integers of timestamps
# Source frames in a segment: an interrupted run repeats at most one segment, and processes share work by segments.
SEGMENT_LENGTH = 240
# Fields of ``OutputOptions`` for an encoder of videos.
ENCODING = ('codec', 'crf', 'pix_fmt', 'encoder_options')


@dataclass(frozen=True)
class ModelOptions:
    """The network, its device, precision and tiles.

    Attributes:
        name: Name of a pretrained model, see ``vsr_plugins.pretrained``, or a model. Without name and config, the best
            on this machine.
        config: Config of the model, instead of a name.
        checkpoint: Its weights.
        device: ``'cpu'``, ``'cuda'``, ...; None uses CUDA if it is available, else the CPU.
        precision: See ``VideoPredictor``.
        tile: Height and width of tiles, pixels of the source; None chooses by available memory, 0 does not tile.
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
        start: Seconds to skip at the beginning.
        duration: Seconds to upscale; None for all.
        fps: Frames per second of images; 25 by default.
        deinterlace: Make interlaced frames of a video progressive. ``'fields'`` makes a frame of each field, at twice
            the rate, so that motion is as smooth as it was filmed.

    Raises:
        ValueError: If a time is negative or beyond three years, or ``deinterlace`` is none of these.
    """

    start: float = 0.0
    duration: float | None = None
    fps: float | Fraction | None = None
    deinterlace: bool | Literal['fields'] = True

    def __post_init__(self) -> None:
        if self.deinterlace not in (True, False, 'fields'):
            raise ValueError(f"deinterlace must be True, False or 'fields', but got {self.deinterlace!r}")
        if not 0 <= self.start < MAX_SECONDS or not (self.duration is None or 0 < self.duration < MAX_SECONDS):
            raise ValueError(
                'start must be 0 or more and duration be positive, in seconds, but got '
                f'{self.start} and {self.duration}'
            )


@dataclass(frozen=True)
class OutputOptions:
    """Encoding of the output, images, audio and subtitles.

    Attributes:
        images: Folder for PNG images, in addition to a video.
        codec: Encoder, by FFmpeg's name; None keeps the codec of the source if the target supports it.
        crf: Constant quality, in the encoder's own numbers; None is visually near lossless.
        audio: ``'auto'`` (also True) copies the audio and transcodes what the target does not take, ``'copy'`` and
            ``'transcode'`` do only that, ``'none'`` (also False) omits it.
        subtitles: Keep the subtitles.
        pix_fmt: Pixel format, by FFmpeg's name; None is as near to the source as players take it.
        encoder_options: Further options of the encoder, by FFmpeg's names.
        scale: Scale of the output, such as 2 or 1.5; None is that of the network. At most one of ``scale``, ``size``
            and ``height`` may be given.
        size: (h, w) of the output; players still show the shape of the source.
        height: Height of the output, whose width follows.
        preview: Put the bicubic enlargement of each frame to the left of the output.
        background: Colour that shows through transparent frames if the target cannot hold transparency: a name, such as
            ``'white'``, or ``'#rrggbb'``.

    Raises:
        ValueError: If more than one size is given, one is not positive, or the colour is unknown.
    """

    images: str | Path | None = None
    codec: str | None = None
    crf: int | None = None
    audio: bool | str = True
    subtitles: bool = True
    pix_fmt: str | None = None
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    scale: float | Fraction | None = None
    size: tuple[int, int] | None = None
    height: int | None = None
    preview: bool = False
    background: str = 'black'

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in ('scale', 'size', 'height') if getattr(self, name) is not None}
        if len(given) > 1:
            raise ValueError(f'only one of scale, size and height may be given, but got {given}')
        for name, value in given.items():
            sides = value if name == 'size' else (value,)
            if not all(math.isfinite(side) and side > 0 for side in sides):
                raise ValueError(f'{name} must be positive, but got {value}')
        self.background_rgb  # noqa: B018 (raises)

    @property
    def encoding(self) -> dict[str, object]:
        """The options of an encoder of videos that are given."""
        return {name: value for name in ENCODING if (value := getattr(self, name)) not in (None, {})}

    def without_encoding(self) -> 'OutputOptions':
        """Return these options without those of an encoder of videos."""
        default = OutputOptions()
        return replace(self, **{name: getattr(default, name) for name in ENCODING})

    @property
    def background_rgb(self) -> tuple[int, int, int]:
        """The background as RGB of 8 bits."""
        try:
            return ImageColor.getrgb(self.background)[:3]
        except ValueError:
            raise ValueError(
                f'background must be a colour such as white or #ff8000, but got {self.background!r}'
            ) from None


@dataclass(frozen=True)
class JobOptions:
    """Treatment of existing targets and of interruptions.

    Attributes:
        force: Replace an existing target.
        resume: Resume an upscale that was interrupted; a complete one is left as it is.
        on_interrupt: Upon ``KeyboardInterrupt``, ``'keep'`` writes a target of the finished frames, which ``resume``
            continues; ``'discard'`` removes everything.
        segment_length: Frames in a segment, the unit of resuming.

    Raises:
        ValueError: If ``on_interrupt`` is neither of the two, or a segment has no frame.
    """

    force: bool = False
    resume: bool = False
    on_interrupt: Literal['keep', 'discard'] = 'keep'
    segment_length: int = SEGMENT_LENGTH

    def __post_init__(self) -> None:
        if self.on_interrupt not in ('keep', 'discard'):
            raise ValueError(f"on_interrupt must be 'keep' or 'discard', but got {self.on_interrupt!r}")
        if self.segment_length < 1:
            raise ValueError(f'segment_length must be at least 1 frame, but got {self.segment_length}')


@dataclass(frozen=True)
class Naming:
    """Names of the targets in a folder.

    Attributes:
        ext: Ending of all targets; None keeps that of each source, or takes ``.mkv`` if it cannot be written. ``.png``
            writes a folder of images for each video. An image keeps its ending unless this is one of images.
        suffix: Text between the name of a source and the ending.
        recursive: Whether folders of videos are searched with their subfolders, which the targets repeat.

    Raises:
        ValueError: If the ending cannot be written, or the suffix is a path.
    """

    ext: str | None = None
    suffix: str = ''
    recursive: bool = False

    def __post_init__(self) -> None:
        if self.ext is not None:
            ext = '.' + self.ext.lower().lstrip('.')
            if not (can_write(ext) or ext in ANIMATION_SUFFIXES or can_write_image(ext)):
                raise ValueError(f'ext must be an ending that can be written, such as .mp4, but got {self.ext!r}')
            object.__setattr__(self, 'ext', ext)
        if '/' in self.suffix or os.sep in self.suffix:
            raise ValueError(f'suffix must be a part of a name, but got {self.suffix!r}')
