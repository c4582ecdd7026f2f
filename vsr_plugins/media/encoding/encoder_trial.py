"""Try an encoder on one frame: whether this machine can open it, and what a file of it tells about its pixels."""

import io
from dataclasses import dataclass
from typing import Protocol

import av
from av.container import OutputContainer

from ..chroma_siting import is_centred, states_centre
from ..video_files import open_media

FULL_RANGE = 2


@dataclass(frozen=True)
class WrittenTraits:
    """What a reader finds in a file.

    Attributes:
        color_range: FFmpeg's number of the range that readers assume: 1 limited, 2 full.
        matrix: FFmpeg's number of the matrix; 2 if the file states none.
        is_centred: Whether readers assume chroma between columns.
    """

    color_range: int
    matrix: int
    is_centred: bool


class Settings(Protocol):
    """What a trial needs to know of the settings of a video."""

    @property
    def container(self) -> str:
        """FFmpeg's name of the file format."""
        ...

    @property
    def container_options(self) -> dict[str, str]:
        """Options of the file format."""
        ...

    def add_to(self, container: OutputContainer) -> av.VideoStream:
        """Add a stream with these settings to a container."""
        ...


def try_encoder(settings: Settings, frame: av.VideoFrame, options: tuple[str, ...] = ()) -> WrittenTraits | None:
    """Encode a frame into a file in memory and decode it.

    Args:
        settings: The encoder and its container.
        frame: A frame of the size and pixel format of the stream.
        options: Names of options that the encoder must know.

    Returns:
        What the file says; None if FFmpeg writes it but cannot read it.

    Raises:
        av.FFmpegError: If the encoder cannot be opened or cannot encode the frame.
        ValueError: If the encoder does not know an option.
    """
    file, container = io.BytesIO(), settings.container
    with open_media(file, 'w', format=container, container_options=settings.container_options) as output:
        stream = settings.add_to(output)
        context = stream.codec_context
        frame.pts, frame.time_base = 0, context.time_base
        packets = stream.encode(frame)
        # FFmpeg leaves the options that it did not use.
        if unknown := [name for name in options if name in context.options]:
            raise ValueError(f'{context.name} has no option {unknown[0]!r}')
        for packet in [*packets, *without_reordering(stream.encode(None))]:
            output.mux(packet)
    file.seek(0)
    try:
        with open_media(file, format=None if container == 'asf' else container) as source:
            stream = source.streams.video[0]
            written = next(source.decode(stream), None)
            if written is None:
                return None
            codec = stream.codec_context.codec.canonical_name
            is_full = written.color_range == FULL_RANGE or written.format.name.startswith('yuvj')
            return WrittenTraits(
                FULL_RANGE if is_full else 1,
                written.colorspace,
                states_centre(container, codec) and is_centred(written),
            )
    except (av.FFmpegError, ValueError):
        return None


def without_reordering(packets: list[av.Packet]) -> list[av.Packet]:
    """Correct the decoding times of one or two frames; x265 gives them undefined ones."""
    for packet in packets:
        packet.dts = packet.pts
    return packets
