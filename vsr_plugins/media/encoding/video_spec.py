"""Complete settings of an encoded video."""

import json
import os
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import cast

import av
from av.container import OutputContainer

from ..stereo import holds_stereo, stereo_options
from .containers import container_of
from .pixel_formats import has_alpha

QUIET = {'libx265': {'x265-params': 'log-level=error'}}


@dataclass(frozen=True)
class VideoSpec:
    """Complete settings of an encoder and its container.

    Attributes:
        container: FFmpeg's name of the file format.
        codec: Name of the encoder.
        pix_fmt: Pixel format.
        size: (h, w).
        time_base: Unit of times in seconds.
        rate: Average frames per second.
        is_constant: Whether the file format has a constant rate only, so that a frame's time is its number.
        colors: FFmpeg's numbers of range, matrix, transfer and primaries.
        aspect: Width of a pixel divided by its height.
        options: Options of the encoder, by FFmpeg's names.
        is_centred: Whether readers assume chroma between columns, rather than on even ones.
        background: RGB that shows through where frames are transparent and the pixel format has no opacity.
        stereo: How the two views of a stereo film lie in a frame, see ``stereo_layout``; None for one view.
    """

    container: str
    codec: str
    pix_fmt: str
    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    is_constant: bool
    colors: tuple[int, int, int, int]
    aspect: Fraction
    options: tuple[tuple[str, str], ...] = ()
    is_centred: bool = False
    background: tuple[int, int, int] = (0, 0, 0)
    stereo: str | None = None

    def add_to(self, container: OutputContainer) -> av.VideoStream:
        """Add a stream with these settings to a container; equal settings encode identically."""
        options = dict(self.options)
        stereo = {} if self.stereo is None else stereo_options(self.codec, self.stereo)
        for name, value in (*QUIET.get(self.codec, {}).items(), *stereo.items()):
            options[name] = ':'.join((value, options[name])) if name in options else value
        stream = cast(av.VideoStream, container.add_stream(self.codec, rate=self.rate, options=options))
        stream.height, stream.width = self.size
        stream.pix_fmt = self.pix_fmt
        context = stream.codec_context
        context.time_base = self.time_base
        context.sample_aspect_ratio = self.aspect
        context.color_range, context.colorspace, context.color_trc, context.color_primaries = self.colors
        if container_of(self.container).has_edit_lists and context.codec.canonical_name == 'hevc':
            # Apple's players take no other.
            context.codec_tag = 'hvc1'
        if container_of(self.container).starts_at_zero:
            # Frames that are stored before they are shown need a time before 0, and all tracks would be delayed.
            context.max_b_frames = 0
        if self.stereo is not None and holds_stereo(self.container, self.stereo):
            stream.metadata['stereo_mode'] = self.stereo
        if self.codec == 'rawvideo':
            context.thread_count = 1
        if self.codec == 'libsvtav1':
            # SVT-AV1 does not print through FFmpeg's log; level 1 prints errors only.
            os.environ.setdefault('SVT_LOG', '1')
        return stream

    @property
    def has_alpha(self) -> bool:
        """Whether the pixel format holds opacity."""
        return has_alpha(self.pix_fmt)

    @property
    def container_options(self) -> dict[str, str]:
        """Options of the container that keep what the codec has no field for, such as the colours of FFV1 in .mp4."""
        return {'movflags': 'write_colr'} if container_of(self.container).has_index else {}

    def to_json(self) -> str:
        """Serialise to text, so that settings can be compared for equality."""
        return json.dumps(asdict(self), default=str, sort_keys=True)
