"""Transcode audio and text subtitles for containers that do not take those of the source."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from typing import cast

import av
import av.error
from av.container import OutputContainer
from av.filter import Graph
from av.stream import Stream
from av.subtitles.codeccontext import SubtitleCodecContext
from av.subtitles.stream import SubtitleStream

from ..video_files import demuxed, open_media, time_base_of

# FFmpeg's codecs of subtitles that are text; the others are pictures.
TEXT_SUBTITLES = frozenset(
    ('subrip', 'ass', 'ssa', 'mov_text', 'webvtt', 'text', 'microdvd', 'sami', 'realtext', 'stl')
)
# Bits per second of a channel; every encoder here is transparent or nearly so.
BIT_RATE = 96_000
# The layouts of mono to 7.1, for tracks that only have a number of channels.
LAYOUTS = {1: 'mono', 2: 'stereo', 3: '2.1', 4: '4.0', 5: '5.0', 6: '5.1', 7: '6.1', 8: '7.1'}
# Layouts of other speakers, by FFmpeg's names.
FURTHER_LAYOUTS = (
    *('3.0', '3.0(back)', 'quad', 'quad(side)', '3.1', '5.0(side)', '4.1', '5.1(side)', '6.0', '6.0(front)'),
    *('hexagonal', '6.1(back)', '6.1(front)', '7.0', '7.0(front)', '7.1(wide)', '7.1(wide-side)', 'octagonal'),
)
# Layouts that an encoder opens, and then takes for others: Opus of FFmpeg moves the channels of two to other speakers,
# and of most layouts of AAC readers find the number of channels only.
MISTAKEN = {
    'libopus': frozenset(('5.0', '6.1')),
    'aac': frozenset(FURTHER_LAYOUTS) - {'3.0', '3.0(back)', 'quad'} | {'6.1'},
}
# Encoders of two channels at most, and their bits per second.
STEREO_ONLY = {'mp2': 384_000, 'libmp3lame': 320_000, 'wmav2': 320_000, 'vorbis': 320_000}
SAMPLES_IN_FRAME = 1024


def decodes_to_text(codec: str) -> bool:
    """Whether subtitles of a codec are text."""
    return codec in TEXT_SUBTITLES


class AudioTranscoder:
    """Decodes a track and encodes it again, beginning at 0; what is silent in the source is silent in the output.

    Args:
        source: The stream of the source.
        output: Its track is added to this container.
        codec: Name of the encoder.

    Attributes:
        stream: The track of the output.

    Raises:
        ValueError: If nothing of the source can be decoded.
    """

    def __init__(self, source: av.AudioStream, output: OutputContainer, codec: str) -> None:
        self._source = source
        context = source.codec_context
        # Of sound that begins late FFmpeg knows the codec only.
        decoder = context if context.sample_rate and context.format is not None else first_frame(source)
        if decoder is None:
            raise ValueError(f'no sound of stream {source.index} of {source.container.name} can be decoded')
        encoder = av.Codec(codec, 'w')
        layout = nearest_layout(decoder.layout, codec)
        channels = av.AudioLayout(layout).nb_channels
        rates = sorted(encoder.audio_rates or [decoder.sample_rate])
        rate = next((rate for rate in rates if rate >= decoder.sample_rate), rates[-1])
        self._format = _closest(decoder.format, encoder.audio_formats)
        self._layout, self._rate = layout, rate
        self.stream = cast(av.AudioStream, output.add_stream(codec, rate=rate, layout=layout))
        context = self.stream.codec_context
        context.format = self._format
        context.bit_rate = min(BIT_RATE * channels, STEREO_ONLY.get(codec, BIT_RATE * channels))
        context.time_base = Fraction(1, rate)
        self._graph: Graph | None = None
        # Time of the last frame by the file, and time of the next one by the number of samples.
        self._found: int | None = None
        self._next: int | None = None
        self._time_base, self._end = time_base_of(source), None

    def packets(self, packet: av.Packet, end: Fraction | None) -> Iterator[av.Packet]:
        """Yield encoded packets for a packet of the source, whose time is that of the output.

        Args:
            packet: The packet.
            end: Seconds of the output at which the sound ends; None for its own end.
        """
        self._time_base, self._end = packet.time_base, end
        try:
            frames = self._source.decode(packet)
        except av.FFmpegError:  # a damaged packet is silent
            return
        for frame in frames:
            yield from self._encoded(frame)

    def flush(self) -> Iterator[av.Packet]:
        """Yield the last packets."""
        for frame in self._source.decode(None):
            yield from self._encoded(frame)
        if self._graph is None:
            return
        self._graph.push(None)
        yield from self._pulled(self._graph)
        yield from self._stamped(self.stream.encode(None))

    def _encoded(self, frame: av.AudioFrame) -> Iterator[av.Packet]:
        time_base = self._time_base
        # Some formats have no times, or the same for all.
        found = frame.pts
        is_new = found is not None and (self._found is None or found > self._found)
        time = found if found is not None and is_new else self._next or 0
        self._found = found
        frame.pts, frame.time_base = time, time_base
        self._next = time + max(round(Fraction(frame.samples, frame.sample_rate) / time_base), 1)
        if self._graph is None:
            self._graph = self._build(frame)
        self._graph.push(frame)
        yield from self._pulled(self._graph)

    def _build(self, frame: av.AudioFrame) -> Graph:
        graph = Graph()
        size = self.stream.codec_context.frame_size or SAMPLES_IN_FRAME
        span = 'start=0' if self._end is None else f'start=0:end={float(self._end)}'
        nodes = [
            graph.add_abuffer(
                sample_rate=frame.sample_rate,
                format=frame.format.name,
                layout=frame.layout.name,
                time_base=self._time_base,
            ),
            graph.add('atrim', span),
            # Fills gaps, and begins at 0.
            graph.add('aresample', f'{self._rate}:async=1:first_pts=0'),
            graph.add(
                'aformat', f'sample_fmts={self._format}:sample_rates={self._rate}:channel_layouts={self._layout}'
            ),
            graph.add('asetnsamples', f'n={size}:p=0'),
            graph.add('abuffersink'),
        ]
        graph.link_nodes(*nodes).configure()
        return graph

    def _pulled(self, graph: Graph) -> Iterator[av.Packet]:
        while True:
            try:
                frame = cast(av.AudioFrame, graph.pull())
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            yield from self._stamped(self.stream.encode(frame))

    def _stamped(self, packets: list[av.Packet]) -> list[av.Packet]:
        for packet in packets:
            packet.stream = self.stream
        return packets


def first_frame(source: av.AudioStream) -> av.AudioFrame | None:
    """Decode the first sound of a track; None if there is none."""
    with open_media(source.container.name) as container:
        for packet in demuxed(container, container.streams[source.index]):
            try:
                frames = cast(list[av.AudioFrame], packet.decode())
            except av.FFmpegError:
                continue
            if frames:
                return frames[0]
    return None


class SubtitleTranscoder:
    """Decodes a track of text subtitles and encodes it for another container.

    Args:
        source: The stream of the source.
        output: Its track is added to this container.
        codec: Name of the encoder.

    Attributes:
        stream: The track of the output.
    """

    def __init__(self, source: Stream, output: OutputContainer, codec: str) -> None:
        self._decoder = cast(SubtitleCodecContext, source.codec_context)
        self._decoder.open(strict=False)
        self.stream = cast(SubtitleStream, output.add_stream(codec))
        self.stream.codec_context.subtitle_header = self._decoder.subtitle_header
        self.stream.codec_context.time_base = Fraction(1, 1000)

    def packets(self, packet: av.Packet, end: Fraction | None) -> Iterator[av.Packet]:
        """Yield the encoded packet for a packet of the source, whose time is that of the output."""
        subtitles = self._decoder.decode2(packet) if packet.size else None
        if subtitles is None or not len(subtitles):
            return
        encoded = self.stream.codec_context.encode_subtitle(subtitles)
        encoded.pts = encoded.dts = packet.pts
        encoded.duration, encoded.time_base = packet.duration or 0, packet.time_base
        encoded.stream = self.stream
        yield encoded

    def flush(self) -> Iterator[av.Packet]:
        """Yield nothing: no encoder of subtitles holds packets back."""
        return iter(())


def nearest_layout(source: av.AudioLayout, codec: str) -> str:
    """Return the layout of an encoder that holds the channels of a source with the fewest further ones.

    Speakers to the side and behind stand for each other, and two behind for one in their middle. If no layout holds all
    channels, it is the usual one of as many, or of fewer.
    """
    count = source.nb_channels
    usual = LAYOUTS.get(count, 'stereo')
    if codec in STEREO_ONLY:
        return 'stereo' if count > 2 else usual
    names = {channel.name for channel in source.channels}
    if names <= {'NONE', 'UNK'} or source.name.endswith('channels'):
        names = {channel.name for channel in av.AudioLayout(usual).channels}
    fitting = []
    for name in (*LAYOUTS.values(), *FURTHER_LAYOUTS):
        channels = {channel.name for channel in av.AudioLayout(name).channels}
        if _holds(channels, names):
            fitting.append((len(channels), name not in LAYOUTS.values(), name != source.name, name))
        elif _holds(channels, names - {'BC'} | {'BL', 'BR'}):
            fitting.append((max(LAYOUTS) + len(channels), name not in LAYOUTS.values(), True, name))
    fewer = [name for number, name in sorted(LAYOUTS.items(), reverse=True) if number <= count]
    candidates = [*(name for *_, name in sorted(fitting)), *fewer]
    return next((name for name in candidates if _opens(codec, name)), 'stereo')


def _holds(channels: set[str], wanted: set[str]) -> bool:
    side, back = {'SL', 'SR'}, {'BL', 'BR'}
    for here, there in ((side, back), (back, side)):
        # Of a layout with a speaker in the middle of the back, FFmpeg mixes both others into that.
        if here <= wanted and not wanted & there and not channels & here and 'BC' not in channels:
            wanted = wanted - here | there
    return wanted <= channels


@cache
def _opens(codec: str, layout: str) -> bool:
    """Whether an encoder can be opened with a layout, and writes the channels of it."""
    if layout in MISTAKEN.get(codec, ()):
        return False
    context = cast(av.AudioCodecContext, av.CodecContext.create(codec, 'w'))
    encoder = context.codec
    rate = max(encoder.audio_rates or [48000])
    context.sample_rate, context.layout, context.time_base = rate, layout, Fraction(1, rate)
    context.bit_rate = BIT_RATE * av.AudioLayout(layout).nb_channels
    if encoder.audio_formats:
        context.format = encoder.audio_formats[0].name
    try:
        context.open()
    except (ValueError, av.FFmpegError):
        return False
    return True


def _closest(source: av.AudioFormat, formats: list[av.AudioFormat] | None) -> str:
    """Return the sample format of an encoder that loses least, and needs no more bits than that."""
    if not formats:
        return source.name
    return min(formats, key=lambda one: (one.bits < source.bits, abs(one.bits - source.bits))).name
