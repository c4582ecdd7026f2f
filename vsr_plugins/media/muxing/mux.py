"""Mux encoded frames with the audio, subtitles, attachments and metadata of the source."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import floor
from pathlib import Path

import av
import av.error
from av.container import InputContainer, OutputContainer
from av.stream import Stream

from ..encoding.containers import container_of
from ..encoding.segments import PacketFile
from ..encoding.video_spec import VideoSpec
from ..reading.reader_info import DEFAULT_FPS
from ..reading.video_reader import RESTART_FRAMES
from ..video_files import demuxed, open_media, require_video_stream, time_base_of, times_of
from .aux_streams import AuxStreams, template_options
from .tags import add_covers, copy_stream_tags, copy_tags, copy_video_tags, moved_chapters, needs_keys
from .transcoding import AudioTranscoder, SubtitleTranscoder

logger = logging.getLogger(__name__)

# They state for each track how much of its beginning is not heard; it is copied from each other only.
MATROSKA = ('matroska', 'webm')
# FFmpeg's flag of formats in which two packets of a track may have the same time.
TIMES_MAY_REPEAT = 0x20000


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
        aux_streams: The source of all but the frames, planned for ``spec``; None for none.
        until: Seconds of the output at which the aux streams are cut; None for their own end.
        first_time: Presentation time of the first frame in seconds. A format with a constant rate shows it at 0, and
            the aux streams are shifted to match.
        time_offsets: See ``VideoReader``.
    """
    if aux_streams is None:
        with open_media(path, 'w', format=spec.container, container_options=_options(spec)) as output:
            # An encoder with the segments' settings; it encodes nothing but writes the same headers.
            video = spec.add_to(output)
            states_end = container_of(spec.container).has_edit_lists
            for packet in _video_packets(segments, spec.time_base, states_end=states_end):
                packet.stream = video
                output.mux(packet)
        return
    with open_media(aux_streams.path) as source:
        # FFmpeg writes either keys or a cover.
        options = _options(spec, needs_keys(source.metadata) and not aux_streams.covers(source))
        with open_media(path, 'w', format=spec.container, container_options=options) as output:
            _mux(output, source, spec, segments, aux_streams, until, first_time, time_offsets)


def _options(spec: VideoSpec, keys: bool = False) -> dict[str, str]:
    options = spec.container_options
    if 'movflags' in options:
        # The index comes first, so that players begin before they have the whole file.
        options['movflags'] += '+faststart' + '+use_metadata_tags' * keys
    return options


def _mux(
    output: OutputContainer,
    source: InputContainer,
    spec: VideoSpec,
    segments: Iterable[Path],
    aux_streams: AuxStreams,
    until: Fraction | None,
    first_time: Fraction,
    time_offsets: Sequence[Fraction],
) -> None:
    zero = aux_streams.zero(source, first_time)
    if until is not None and not spec.is_constant:
        until -= zero
    span = _Span(source, aux_streams, first_time if spec.is_constant else zero, until, time_offsets)
    video = spec.add_to(output)
    copy_video_tags(source, video, spec, span.start)
    copies: dict[int, Stream] = {}
    transcoders: dict[int, AudioTranscoder | SubtitleTranscoder] = {}
    for track in aux_streams.tracks:
        stream = source.streams[track.index]
        if track.codec is None:
            copies[track.index] = copy = output.add_stream_from_template(stream, **template_options(stream))
        else:
            transcoders[track.index] = transcoder = _transcoder(stream, output, track.codec)
            copy = transcoder.stream
        copy_stream_tags(stream, copy)
    cover_packets = add_covers(source, output, aux_streams.covers(source))
    copy_tags(source, output)
    if chapters := moved_chapters(source.chapters(), span.shift, span.until):
        output.set_chapters(chapters)
    # Only now are the time bases of the file's tracks known.
    output.start_encoding()
    container = container_of(spec.container)
    # Edit lists cut audio that a decoder needs but nobody hears.
    keeps_preroll = container.has_edit_lists or (
        spec.container in MATROSKA and source.format.name.split(',')[0] in MATROSKA
    )
    starts_late = spec.is_constant and first_time > 0

    def aux_packets() -> Iterator[av.Packet]:
        yield from cover_packets
        for packet in _aux_packets(source, span, set(copies) | set(transcoders)):
            index = packet.stream.index
            if index in transcoders:
                # Decoded audio is cut to the sample.
                if packet.stream.type != 'subtitle' or _is_kept(packet, False):
                    yield from transcoders[index].packets(packet, span.until)
            elif _is_kept(packet, keeps_preroll and not span.start and not starts_late):
                yield packet
        for transcoder in transcoders.values():
            yield from transcoder.flush()

    # The encoders' own audio before 0 can be marked by the formats that mark that of the source.
    waiting_packets = _MonotonicTimes(output, copies, container.marks_preroll).apply(aux_packets())
    waiting, damaged = next(waiting_packets, None), 0
    shift = Fraction(0) if spec.is_constant else zero
    for packet in _video_packets(segments, spec.time_base, shift, container.has_edit_lists):
        now = times_of(packet)[1] * spec.time_base
        while waiting is not None and times_of(waiting)[1] * waiting.time_base <= now:
            damaged += not _is_muxed(output, waiting)
            waiting = next(waiting_packets, None)
        packet.stream = video
        output.mux(packet)
    while waiting is not None:
        damaged += not _is_muxed(output, waiting)
        waiting = next(waiting_packets, None)
    if damaged:
        logger.warning('%s: %d damaged packets beside the film are left out', source.name, damaged)


def _is_muxed(output: OutputContainer, packet: av.Packet) -> bool:
    """Write a packet of an aux stream; return False if it is damaged, as some of broadcasts are."""
    try:
        output.mux(packet)
    except (av.error.InvalidDataError, av.error.PatchWelcomeError):
        return False
    return True


def _transcoder(stream: Stream, output: OutputContainer, codec: str) -> AudioTranscoder | SubtitleTranscoder:
    if isinstance(stream, av.AudioStream):
        return AudioTranscoder(stream, output, codec)
    return SubtitleTranscoder(stream, output, codec)


class _Span:
    """The part of a source that is kept, and how its times become those of the output.

    Args:
        source: The source.
        aux_streams: Its streams and the requested span.
        zero: Time of the span at which the output begins, in seconds.
        until: Seconds of the output at which the aux streams are cut; None for their own end.
        time_offsets: See ``VideoReader``.

    Attributes:
        start: Seconds skipped from the beginning of the video.
        shift: Seconds by which times of the source are later than those of the output.
        until: Seconds of the output at which the span ends; None for the end of the source.
    """

    def __init__(
        self,
        source: InputContainer,
        aux_streams: AuxStreams,
        zero: Fraction,
        until: Fraction | None,
        time_offsets: Sequence[Fraction],
    ) -> None:
        video = require_video_stream(source)
        video_start = (video.start_time or 0) * time_base_of(video)
        self.start = Fraction(aux_streams.start).limit_denominator(10**6)
        self.shift = (video_start + self.start if self.start else Fraction(0)) + zero
        self.until = until
        if aux_streams.duration is not None:
            end = video_start + self.start + Fraction(aux_streams.duration).limit_denominator(10**6) - self.shift
            self.until = end if until is None else min(until, end)
        self.time_offsets = time_offsets
        self.min_step_back = RESTART_FRAMES / (video.average_rate or video.guessed_rate or DEFAULT_FPS)


class _MonotonicTimes:
    """Assigns packets to the tracks of the output, and delays packets whose times step back.

    Args:
        output: The file, its header written.
        copies: Output track by the index of its source track. Packets of other tracks already belong to the output.
        keeps_preroll: Whether encoded packets before 0 are kept.
    """

    def __init__(self, output: OutputContainer, copies: dict[int, Stream], keeps_preroll: bool) -> None:
        self.copies = copies
        self.keeps_preroll = keeps_preroll
        self.output = output
        self.step = 0 if output.format.flags & TIMES_MAY_REPEAT else 1
        self.last: dict[int, int] = {}
        self.has_warned = False

    def apply(self, packets: Iterable[av.Packet]) -> Iterator[av.Packet]:
        """Yield the packets with times that a muxer accepts."""
        for packet in packets:
            if packet.stream.container is self.output:
                if packet.pts is None or packet.pts >= 0 or self.keeps_preroll:
                    yield packet
                continue
            index = packet.stream.index
            copy = self.copies[index]
            unit = time_base_of(copy)
            scale = packet.time_base / unit
            source_pts, source_dts = times_of(packet)
            dts = floor(source_dts * scale + Fraction(1, 2))
            last = self.last.get(index)
            if last is not None and dts < last + self.step:
                if dts < last and not self.has_warned:
                    self.has_warned = True
                    logger.warning(
                        'the times of the %s step back at %.2f s; the packets that follow are delayed',
                        copy.type,
                        float(source_dts * packet.time_base),
                    )
                pts = floor(source_pts * scale + Fraction(1, 2))
                dts = last + self.step
                packet.time_base, packet.dts, packet.pts = unit, dts, max(pts, dts)
            self.last[index] = dts
            packet.stream = copy
            yield packet


def _aux_packets(source: InputContainer, span: _Span, indices: set[int]) -> Iterator[av.Packet]:
    """Yield the packets of some streams of the source with the times of the output, up to the end of the span."""
    streams = [stream for stream in source.streams if stream.index in indices and stream.type != 'attachment']
    if not streams:
        return
    # The restarts of times are counted for each track.
    last_time: dict[int, Fraction] = {}
    restarts: dict[int, int] = {}
    for packet in _readable(source, streams):
        if packet.dts is None or packet.pts is None:
            continue
        index, dts_time = packet.stream.index, packet.dts * packet.time_base
        is_back = dts_time < last_time.get(index, dts_time) - span.min_step_back
        if is_back and restarts.get(index, 0) < len(span.time_offsets):
            restarts[index] = restarts.get(index, 0) + 1
        last_time[index] = dts_time
        total_shift = span.shift - (span.time_offsets[restarts[index] - 1] if restarts.get(index) else 0)
        ticks = round(total_shift / packet.time_base)
        packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
        if span.until is None:
            yield packet
        elif (left := span.until - packet.pts * packet.time_base) > 0:
            if packet.stream.type == 'subtitle' and packet.duration:
                packet.duration = min(packet.duration, round(left / packet.time_base))
            yield packet


def _readable(source: InputContainer, streams: list[Stream]) -> Iterator[av.Packet]:
    """Yield packets to the end of a file, or up to where it is damaged."""
    packets = demuxed(source, *streams)
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError as error:
            logger.warning('%s: sound and subtitles cannot be read to their end (%s)', source.name, error.strerror)
            return
        if packet is None:
            return
        yield packet


def _is_kept(packet: av.Packet, keeps_preroll: bool) -> bool:
    """Whether a packet is copied; one of subtitles that are on the screen at 0 is made to begin there."""
    duration = packet.duration or 0
    pts, _ = times_of(packet)
    if pts >= 0:
        return packet.stream.type == 'subtitle' or not packet.is_discard
    if packet.stream.type == 'subtitle':
        if pts + duration <= 0:
            return False
        packet.duration, packet.pts, packet.dts = duration + pts, 0, 0
        return True
    # The packet before the first one that is heard is needed to decode that.
    return keeps_preroll and pts + duration > -duration


def _video_packets(
    segments: Iterable[Path], time_base: Fraction, zero: Fraction = Fraction(0), states_end: bool = False
) -> Iterator[av.Packet]:
    """Yield the packets of all segments, with decoding times that increase from one segment to the next.

    Each segment has its own encoder; at a variable frame rate, the first decoding times of a segment may precede the
    last ones of the segment before.

    Args:
        segments: Segment files in order.
        time_base: Their unit of time.
        zero: Time of the segments, in seconds, at which the output begins.
        states_end: Whether the duration of the last packet decoded makes up the duration of the video, which MP4 counts
            in the order of decoding.
    """
    ticks = round(zero / time_base)
    held, first, end, dts = None, (0, 0), 0, 0
    for path in segments:
        for packet in PacketFile.read(path, time_base):
            pts, next_dts = (time - ticks for time in times_of(packet))
            if held is None:
                first = pts, next_dts
            else:
                next_dts = max(next_dts, dts + 1)
                yield held
            packet.pts, packet.dts = pts, next_dts
            held, dts, end = packet, next_dts, max(end, pts + (packet.duration or 0))
    if held is not None:
        if states_end:
            held.duration = max((end - first[0]) - (dts - first[1]), 1)
        yield held
