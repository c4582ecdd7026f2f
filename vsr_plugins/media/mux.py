"""Mux encoded frames with the audio, subtitles, attachments and metadata of the source."""

import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import floor
from pathlib import Path

import av

from .encoding import PacketFile, VideoSpec
from .readers import DEFAULT_FPS, RESTART_FRAMES
from .video_files import open_media, video_stream

logger = logging.getLogger(__name__)

# Tags that describe the source's container, not its content; they are not copied.
CONTAINER_TAGS = ('major_brand', 'minor_version', 'compatible_brands', 'encoder', 'duration')
# Codecs that FFmpeg writes into a transport stream in a recognisable form; others become private data.
MPEGTS_CODECS = {
    'audio': {'mp1', 'mp2', 'mp3', 'aac', 'aac_latm', 'ac3', 'eac3', 'dts', 'truehd', 'opus', 's302m'},
    'subtitle': {'dvb_subtitle', 'dvb_teletext'},
}
OPTIONS = {'audio': '--no-audio', 'subtitle': '--no-subtitles'}
# Formats whose edit lists cut audio that a decoder needs but nobody hears.
WITH_EDIT_LISTS = ('mp4', 'mov')
# They state for each track how much of its beginning is not heard; it is copied from each other only.
MATROSKA = ('matroska', 'webm')
# FFmpeg's flag of formats in which two packets of a track may have the same time.
TIMES_MAY_REPEAT = 0x20000


@dataclass(frozen=True)
class AuxStreams:
    """Audio and subtitles of a source, copied packet by packet.

    Attributes:
        path: The source.
        audio: Whether its audio is copied.
        subtitles: Whether its subtitles are copied.
        start: Seconds skipped from the beginning of its video.
        duration: Seconds to keep; None for all.
    """

    path: Path
    audio: bool = True
    subtitles: bool = True
    start: float = 0.0
    duration: float | None = None

    def streams(self, container: av.container.InputContainer) -> list[av.stream.Stream]:
        """Return the streams to copy, including attachments, which hold the fonts of subtitles."""
        kinds = {'audio': self.audio, 'subtitle': self.subtitles, 'attachment': self.subtitles}
        return [stream for stream in container.streams if kinds.get(stream.type)]

    def zero(self, source: av.container.InputContainer, first_time: Fraction) -> Fraction:
        """Return the time of the source, in seconds from the start of the span, at which the output begins.

        Args:
            source: The source.
            first_time: Time of the first frame.
        """
        if self.start:
            return Fraction(0)
        audio = [stream for stream in source.streams.audio if self.audio and stream.start_time is not None]
        return min([first_time, *(stream.start_time * stream.time_base for stream in audio)])

    def check(self, spec: VideoSpec) -> None:
        """Raise if a container does not support the streams; some fail at the header, some at the first packet.

        Args:
            spec: The container and the video stream.

        Raises:
            ValueError: If the container does not support a stream.
        """
        with open_media(self.path) as source:
            tracks = [
                (one.index, one.type, one.codec_context.codec.canonical_name if one.codec_context else 'unknown')
                for one in self.streams(source)
                if one.type in OPTIONS
            ]
        for index, kind, name in tracks:
            try:
                if spec.container == 'mpegts' and name not in MPEGTS_CODECS[kind]:
                    raise ValueError
                self._try(spec, index)
            except (ValueError, av.FFmpegError) as error:
                raise ValueError(
                    f'{spec.container} does not support the {kind} of {self.path} ({name}); write a .mkv file, '
                    f'which supports almost every codec, or omit it with {OPTIONS[kind]}'
                ) from error

    def _try(self, spec: VideoSpec, index: int) -> None:
        """Write the header and first packets of a file in memory, which is discarded."""
        with open_media(self.path) as source:
            stream = source.streams[index]
            with open_media(io.BytesIO(), 'w', format=spec.container) as probe:
                spec.add_to(probe)
                copy = probe.add_stream_from_template(stream, **_template(stream))
                probe.start_encoding()
                if stream.type == 'audio':
                    timed = (packet for packet in source.demux(stream) if None not in (packet.pts, packet.dts))
                    for packet in islice(timed, 2):
                        packet.stream = copy
                        probe.mux(packet)


def mux(
    path: Path,
    spec: VideoSpec,
    segments: Iterable[Path],
    aux_streams: AuxStreams | None = None,
    until: Fraction | None = None,
    first_time: Fraction = Fraction(0),
    time_offsets: Sequence[Fraction] = (),
) -> None:
    """Write a video from encoded segments and aux streams; whichever of video and audio is first begins at 0.

    What an edit list of the source cuts stays cut. Audio before 0, which a decoder needs but nobody hears, is copied to
    formats that can mark it only; others would play it.

    Args:
        path: The file.
        spec: Encoder settings of the segments.
        segments: Segment files in order.
        aux_streams: Streams to copy; None for none.
        until: Seconds of the output at which the aux streams are cut; None for their own end.
        first_time: Presentation time of the first frame in seconds. A format with a constant rate shows it at 0, and
            the aux streams are shifted to match.
        time_offsets: See ``VideoReader``.
    """
    options = spec.container_options
    if 'movflags' in options:
        # The index comes first, so that players begin before they have the whole file.
        options['movflags'] += '+faststart'
    with open_media(path, 'w', format=spec.container, container_options=options) as output:
        # An encoder with the segments' settings; it encodes nothing but writes the same headers.
        video = spec.add_to(output)
        if aux_streams is None:
            for packet in _video_packets(segments, spec.time_base):
                packet.stream = video
                output.mux(packet)
            return
        with open_media(aux_streams.path) as source:
            streams = aux_streams.streams(source)
            copies = {
                stream.index: output.add_stream_from_template(stream, **_template(stream))
                for stream in streams
                if stream.type != 'attachment' or spec.container == 'matroska'
            }
            for stream in streams:
                if stream.index in copies:
                    copies[stream.index].metadata.update(stream.metadata)
                    copies[stream.index].disposition = stream.disposition
            output.metadata.update({k: v for k, v in source.metadata.items() if k.lower() not in CONTAINER_TAGS})
            if not aux_streams.start and aux_streams.duration is None and until is None:
                output.set_chapters(source.chapters())
            # Only now are the time bases of the file's tracks known.
            output.start_encoding()
            zero = aux_streams.zero(source, first_time)
            if until is not None and not spec.is_constant:
                until -= zero
            aux_packets = _MonotonicTimes(output, copies).apply(
                _aux_packets(
                    source,
                    streams,
                    aux_streams,
                    until,
                    first_time if spec.is_constant else zero,
                    time_offsets,
                    is_constant=spec.is_constant,
                    keeps_preroll=spec.container in WITH_EDIT_LISTS
                    or (spec.container in MATROSKA and source.format.name.split(',')[0] in MATROSKA),
                )
            )
            waiting = next(aux_packets, None)
            for packet in _video_packets(segments, spec.time_base, Fraction(0) if spec.is_constant else zero):
                now = packet.dts * spec.time_base
                while waiting is not None and waiting.dts * waiting.time_base <= now:
                    output.mux(waiting)
                    waiting = next(aux_packets, None)
                packet.stream = video
                output.mux(packet)
            while waiting is not None:
                output.mux(waiting)
                waiting = next(aux_packets, None)


def _template(stream: av.stream.Stream) -> dict:
    return {} if stream.codec_context is None else {'opaque': True}


class _MonotonicTimes:
    """Assigns packets to the tracks of the output, and delays packets whose times step back.

    Args:
        output: The file, its header written.
        copies: Output track by the index of its source track.
    """

    def __init__(self, output: av.container.OutputContainer, copies: dict) -> None:
        self.copies = copies
        self.step = 0 if output.format.flags & TIMES_MAY_REPEAT else 1
        self.last: dict[int, int] = {}
        self.has_warned = False

    def apply(self, packets: Iterable[av.Packet]) -> Iterator[av.Packet]:
        """Yield the packets with times that a muxer accepts."""
        for packet in packets:
            index = packet.stream.index
            copy = self.copies[index]
            scale = packet.time_base / copy.time_base
            dts = floor(packet.dts * scale + Fraction(1, 2))
            last = self.last.get(index)
            if last is not None and dts < last + self.step:
                if dts < last and not self.has_warned:
                    self.has_warned = True
                    logger.warning(
                        'the times of the %s step back at %.2f s; the packets that follow are delayed',
                        copy.type,
                        float(packet.dts * packet.time_base),
                    )
                pts = floor(packet.pts * scale + Fraction(1, 2))
                dts = last + self.step
                packet.time_base, packet.dts, packet.pts = copy.time_base, dts, max(pts, dts)
            self.last[index] = dts
            packet.stream = copy
            yield packet


def _aux_packets(
    source: av.container.InputContainer,
    streams: list[av.stream.Stream],
    aux_streams: AuxStreams,
    until: Fraction | None,
    zero: Fraction,
    time_offsets: Sequence[Fraction],
    is_constant: bool = False,
    keeps_preroll: bool = False,
) -> Iterator[av.Packet]:
    """Yield the packets of the aux streams with the times of the output, whose 0 is ``zero`` of the upscaled span."""
    streams = [stream for stream in streams if stream.type != 'attachment']
    if not streams:
        return
    video = video_stream(source)
    video_start = (video.start_time or 0) * video.time_base
    start = Fraction(aux_streams.start).limit_denominator(10**6)
    shift = (video_start + start if start else Fraction(0)) + zero
    is_cut = bool(start) or (is_constant and zero > 0)
    if aux_streams.duration is not None:
        end = video_start + start + Fraction(aux_streams.duration).limit_denominator(10**6) - shift
        until = end if until is None else min(until, end)
    min_step_back = RESTART_FRAMES / (video.average_rate or video.guessed_rate or DEFAULT_FPS)
    # The restarts of times are counted for each track.
    last_time: dict[int, Fraction] = {}
    restarts: dict[int, int] = {}
    for packet in source.demux(streams):
        if packet.dts is None or packet.pts is None:
            continue
        index, dts_time = packet.stream.index, packet.dts * packet.time_base
        if dts_time < last_time.get(index, dts_time) - min_step_back and restarts.get(index, 0) < len(time_offsets):
            restarts[index] = restarts.get(index, 0) + 1
        last_time[index] = dts_time
        total_shift = shift - (time_offsets[restarts[index] - 1] if restarts.get(index) else 0)
        ticks = round(total_shift / packet.time_base)
        packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
        time, duration = packet.pts * packet.time_base, (packet.duration or 0) * packet.time_base
        if until is not None and time >= until:
            continue
        if packet.stream.type == 'subtitle':
            if time < 0 < time + duration:
                packet.duration += packet.pts
                packet.pts = packet.dts = 0
            elif time < 0:
                continue
        elif time < 0:
            # The packet before the first one that is heard is needed to decode that.
            if is_cut or not keeps_preroll or time + duration <= -duration:
                continue
        elif packet.is_discard:
            continue
        yield packet


def _video_packets(segments: Iterable[Path], time_base: Fraction, zero: Fraction = Fraction(0)) -> Iterator[av.Packet]:
    """Yield the packets of all segments, with decoding times that increase from one segment to the next.

    Each segment has its own encoder; at a variable frame rate, the first decoding times of a segment may precede the
    last ones of the segment before.

    Args:
        segments: Segment files in order.
        time_base: Their unit of time.
        zero: Time of the segments, in seconds, at which the output begins.
    """
    last, ticks = None, round(zero / time_base)
    for path in segments:
        for packet in PacketFile.read(path, time_base):
            packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
            if last is not None and packet.dts <= last:
                packet.dts = last + 1
            last = packet.dts
            yield packet
