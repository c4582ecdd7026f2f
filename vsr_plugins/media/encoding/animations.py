"""Write a video as an animated GIF, PNG or WebP."""

import logging
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.filter import Graph

from ..reading.reader_info import ReaderInfo
from ..video_files import demuxed, open_media, time_base_of
from .pixel_formats import has_alpha
from .video_spec import VideoSpec

logger = logging.getLogger(__name__)

# Formats that are written: FFmpeg's container, encoder, pixel formats without and with opacity, and options.
WRITTEN: dict[str, tuple[str, str, str, str, dict[str, str]]] = {
    '.gif': ('gif', 'gif', 'pal8', 'pal8', {}),
    '.apng': ('apng', 'apng', 'rgb24', 'rgba', {}),
    '.png': ('apng', 'apng', 'rgb24', 'rgba', {}),
    '.webp': ('webp', 'libwebp_anim', 'bgra', 'bgra', {'quality': '95'}),
}
# The shortest time, in seconds, for which browsers show a frame of a GIF as it says.
MIN_DELAY = Fraction(2, 100)
LOOP_OPTIONS = {'gif': 'loop', 'apng': 'plays', 'webp': 'loop'}


def plan_animation(info: ReaderInfo, size: tuple[int, int], temporal_scale: int) -> VideoSpec:
    """Return the encoding of the frames until an animation is written: lossless, in 8 bits."""
    return VideoSpec(
        # Its times are exact; Matroska has milliseconds.
        container='nut',
        codec='ffv1',
        pix_fmt='bgra' if info.has_alpha else 'bgr0',
        size=size,
        time_base=info.time_base / temporal_scale,
        rate=info.rate * temporal_scale,
        is_constant=False,
        colors=(2, 0, 13, 1),
        aspect=info.aspect,
    )


def write_animation(source: Path, target: Path, loop: int, last: Fraction) -> None:
    """Write the frames of a video as an animated GIF, PNG or WebP.

    Each frame of a GIF has a palette of its own of 255 colours and transparency, with dithering. Frames that a GIF
    would show for less than ``MIN_DELAY`` are left out: browsers show such frames for 100 ms.

    Args:
        source: The video.
        target: The animation, by its suffix.
        loop: How often it is played; 0 for ever.
        last: Duration of the last frame in seconds.
    """
    container, codec, opaque, with_alpha, options = WRITTEN[target.suffix.lower()]
    with open_media(source) as film:
        stream = film.streams.video[0]
        time_base = time_base_of(stream)
        durations = _durations(source, round(last / time_base), MIN_DELAY if container == 'gif' else Fraction(0))
        # Of the last frame that is kept.
        last = list(durations.values())[-1] * time_base
        first = min(durations)
        pix_fmt = with_alpha if has_alpha(stream.format.name) else opaque
        if container == 'gif' and loop:
            loop = loop - 1 or -1  # -1 writes no count
        out_options = {LOOP_OPTIONS[container]: str(loop)}
        if container == 'gif':
            out_options['final_delay'] = str(round(last * 100))
        if container == 'apng':
            out_options['final_delay'] = f'{last.numerator}/{last.denominator}'
        with open_media(target, 'w', format=container, container_options=out_options) as output:
            made = cast(av.VideoStream, output.add_stream(codec, rate=stream.average_rate or 25, options=dict(options)))
            made.width, made.height, made.pix_fmt = stream.width, stream.height, pix_fmt
            made.codec_context.time_base = time_base
            convert = _Palettes(stream) if pix_fmt == 'pal8' else _Converted(pix_fmt)
            for frame in film.decode(stream):
                if (ticks := durations.get(cast(int, frame.pts))) is None:
                    continue
                pts = cast(int, frame.pts) - first
                for picture in convert(frame):
                    picture.pts, picture.time_base, picture.duration = pts, time_base, ticks
                    for packet in made.encode(picture):
                        packet.duration = ticks
                        output.mux(packet)
            for packet in made.encode(None):
                output.mux(packet)
    if container == 'webp':
        _set_total_duration(target, round(sum(durations.values()) * time_base * 1000))


def _set_total_duration(path: Path, milliseconds: int) -> None:
    """Set the duration of the last picture of a WebP, for which its encoder takes the mean of the others.

    A chunk is a name, a size and an even number of bytes; those of a picture have its duration in bytes 12 to 15.
    """
    with open(path, 'r+b') as file:
        position, last = 12, None
        while len(head := file.read(8) if file.seek(position) else b'') == 8:
            if head[:4] == b'ANMF':
                if last is not None:
                    file.seek(last)
                    milliseconds -= int.from_bytes(file.read(3), 'little')
                last = position + 8 + 12
            size = int.from_bytes(head[4:], 'little')
            position += 8 + size + size % 2
        if last is not None:
            file.seek(last)
            file.write(milliseconds.to_bytes(3, 'little'))


def _durations(path: Path, last: int, shortest: Fraction) -> dict[int, int]:
    """Choose the frames of a video that are written.

    Args:
        path: The video, without reordered frames.
        last: Duration of its last frame, in its unit of time.
        shortest: Frames that would be shown for fewer seconds are left out.

    Returns:
        Durations by the times of the frames that are kept, in the unit of time.
    """
    with open_media(path) as film:
        stream = film.streams.video[0]
        unit = time_base_of(stream)
        times = [packet.pts for packet in demuxed(film, stream) if packet.pts is not None]
    kept, shown = [], None
    for time in times:
        # What a GIF makes of it.
        rounded = round(time * unit * 100)
        if shown is None or not shortest or rounded - shown >= shortest * 100:
            kept.append(time)
            shown = rounded
    while len(kept) > 1 and (times[-1] + last - kept[-1]) * unit < shortest:
        kept.pop()
    if len(kept) < len(times):
        logger.warning(
            'a GIF has at most %d frames a second: %d of %d frames are left out',
            *(1 / shortest, len(times) - len(kept), len(times)),
        )
    ends = [*kept[1:], times[-1] + last]
    return {time: end - time for time, end in zip(kept, ends, strict=True)}


class _Converted:
    def __init__(self, pix_fmt: str) -> None:
        self.pix_fmt = pix_fmt

    def __call__(self, frame: av.VideoFrame) -> list[av.VideoFrame]:
        return [frame.reformat(format=self.pix_fmt)]


class _Palettes:
    """Reduces frames to a palette of their own, by FFmpeg's ``palettegen`` and ``paletteuse``."""

    def __init__(self, stream: av.VideoStream) -> None:
        self.stream = stream

    def __call__(self, frame: av.VideoFrame) -> list[av.VideoFrame]:
        # A graph for each frame: in one for all, the filters hold frames back.
        graph = Graph()
        entry = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self.stream.time_base
        )
        split, palette = graph.add('split'), graph.add('palettegen', 'stats_mode=full:reserve_transparent=1')
        use, leave = graph.add('paletteuse', 'dither=sierra2_4a'), graph.add('buffersink')
        entry.link_to(split)
        split.link_to(use, 0, 0)
        split.link_to(palette, 1)
        palette.link_to(use, 0, 1)
        use.link_to(leave)
        graph.configure()
        graph.vpush(frame)
        graph.vpush(None)
        return [graph.vpull()]
