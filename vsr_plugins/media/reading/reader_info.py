"""What is known of a source before its frames are read."""

from dataclasses import dataclass
from fractions import Fraction

DEFAULT_FPS = Fraction(25)


@dataclass(frozen=True)
class ReaderInfo:
    """Properties of a source, known before its frames are read.

    Attributes:
        size: (h, w) of a frame, upright.
        time_base: Unit of times in seconds.
        rate: Average frames per second.
        frames: Number of frames by the header of the file, may be wrong; None if unknown.
        codec: FFmpeg's name of the codec; None for images.
        pix_fmt: FFmpeg's name of the pixel format.
        colors: FFmpeg's numbers of range, matrix, transfer and primaries.
        aspect: Width of a pixel divided by its height.
        warnings: Unsupported properties of the source, such as HDR or interlacing, one sentence each.
        has_alpha: Whether frames may be transparent.
        icc_profile: ICC profile of the RGB colours of the first image; None for sRGB and for videos.
        stereo: How the two views of a stereo film lie in a frame, see ``stereo_layout``; None for one view.
    """

    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    frames: int | None
    codec: str | None = None
    pix_fmt: str = 'yuv420p'
    colors: tuple[int, int, int, int] = (1, 1, 1, 1)
    aspect: Fraction = Fraction(1)
    warnings: tuple[str, ...] = ()
    has_alpha: bool = False
    icc_profile: bytes | None = None
    stereo: str | None = None
