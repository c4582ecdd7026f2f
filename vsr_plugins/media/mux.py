"""Putting a video together: the frames that were encoded, and what the source had beside them."""

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
from .readers import DEFAULT_FPS, STEP_BACK
from .video_files import open_media

logger = logging.getLogger(__name__)

# Said of the file that was read, not of what is in it.
CONTAINER_TAGS = ('major_brand', 'minor_version', 'compatible_brands', 'encoder', 'duration')
# What FFmpeg writes into a transport stream so that it can be told again what it is; all else becomes private data.
TRANSPORTED = {
    'audio': {'mp1', 'mp2', 'mp3', 'aac', 'aac_latm', 'ac3', 'eac3', 'dts', 'truehd', 'opus', 's302m'},
    'subtitle': {'dvb_subtitle', 'dvb_teletext'},
}
OPTIONS = {'audio': '--no-audio', 'subtitle': '--no-subtitles'}
# FFmpeg's flag of formats in which two packets of a track may have one time.
TIMES_MAY_REPEAT = 0x20000


@dataclass(frozen=True)
class AuxStreams:
    """The sound and the subtitles of a source, copied packet by packet.

    Attributes:
        path: The source.
        sound: Whether its sound is copied.
        subtitles: Whether its subtitles are.
        start: Seconds from the beginning of its video that are left out.
        duration: Seconds that are kept; None for all.
    """

    path: Path
    sound: bool = True
    subtitles: bool = True
    start: float = 0.0
    duration: float | None = None

    def streams(self, container: av.container.InputContainer) -> list[av.stream.Stream]:
        """Those to copy, and attachments, which hold the fonts of subtitles."""
        kinds = {'audio': self.sound, 'subtitle': self.subtitles, 'attachment': self.subtitles}
        return [stream for stream in container.streams if kinds.get(stream.type)]

    def check(self, spec: VideoSpec) -> None:
        """Whether a container takes them: some refuse when the header is written, some at the first packet.

        Args:
            spec: The container, and the video beside which they are to be.

        Raises:
            ValueError: If it does not.
        """
        with open_media(self.path) as source:
            tracks = [
                (one.index, one.type, one.codec_context.codec.canonical_name if one.codec_context else 'unknown')
                for one in self.streams(source)
                if one.type in OPTIONS
            ]
        for index, kind, name in tracks:
            try:
                if spec.container == 'mpegts' and name not in TRANSPORTED[kind]:
                    raise ValueError
                self._try(spec, index)
            except (ValueError, av.FFmpegError) as error:
                raise ValueError(
                    f'{spec.container} does not take the {kind} of {self.path} ({name}); write .mkv, '
                    f'which takes nearly everything, or leave it out with {OPTIONS[kind]}'
                ) from error

    def _try(self, spec: VideoSpec, index: int) -> None:
        """Write the beginning of a file that nobody reads."""
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
    companions: AuxStreams | None = None,
    until: Fraction | None = None,
    begins: Fraction = Fraction(0),
    jumps: Sequence[Fraction] = (),
) -> None:
    """Write a video from encoded segments.

    Sound that begins before the frames, as the first packet of AAC does, makes all begin later by as much in a format
    that has no times below zero, such as Matroska; what belongs together stays so.

    Args:
        path: The file.
        spec: What the segments are encoded with.
        segments: In order.
        companions: What to copy beside the frames.
        until: Seconds of the output at which what is copied ends too; None for its own end.
        begins: When the first frame is shown, seconds. A format of one rate shows it at 0, and what is copied moves
            along.
        jumps: See ``VideoReader``.
    """
    # Where the codec has no room for its colours, as FFV1 has none in .mp4, the container says them.
    options = {'movflags': 'write_colr'} if spec.container in ('mp4', 'mov') else {}
    with open_media(path, 'w', format=spec.container, container_options=options) as output:
        # An encoder like those of the segments, which writes nothing: its headers are theirs.
        video = spec.add_to(output)
        if companions is None:
            for packet in _in_order(segments, spec.time_base):
                packet.stream = video
                output.mux(packet)
            return
        with open_media(companions.path) as source:
            wanted = companions.streams(source)
            copies = {
                stream.index: output.add_stream_from_template(stream, **_template(stream))
                for stream in wanted
                if stream.type != 'attachment' or spec.container == 'matroska'
            }
            for stream in wanted:
                if stream.index in copies:
                    copies[stream.index].metadata.update(stream.metadata)
                    copies[stream.index].disposition = stream.disposition
            output.metadata.update({k: v for k, v in source.metadata.items() if k.lower() not in CONTAINER_TAGS})
            if not companions.start and companions.duration is None and until is None:
                output.set_chapters(source.chapters())
            # Only now is it known in which units the tracks of the file count time.
            output.start_encoding()
            others = _Rising(output, copies).of(
                _others(source, wanted, companions, until, begins if spec.is_constant else Fraction(0), jumps)
            )
            waiting = next(others, None)
            for packet in _in_order(segments, spec.time_base):
                now = packet.dts * spec.time_base
                while waiting is not None and waiting.dts * waiting.time_base <= now:
                    output.mux(waiting)
                    waiting = next(others, None)
                packet.stream = video
                output.mux(packet)
            while waiting is not None:
                output.mux(waiting)
                waiting = next(others, None)


def _template(stream: av.stream.Stream) -> dict:
    return {} if stream.codec_context is None else {'opaque': True}


class _Rising:
    """Moves packets to the tracks of the output, and those whose times step back behind what came before them.

    Args:
        output: The file, its header written.
        copies: Number of a track of the source -> the track that it is copied to.
    """

    def __init__(self, output: av.container.OutputContainer, copies: dict) -> None:
        self.copies = copies
        self.step = 0 if output.format.flags & TIMES_MAY_REPEAT else 1
        self.last: dict[int, int] = {}
        self.is_told = False

    def of(self, packets: Iterable[av.Packet]) -> Iterator[av.Packet]:
        """The packets, with times that a muxer takes."""
        for packet in packets:
            index = packet.stream.index
            copy = self.copies[index]
            scale = packet.time_base / copy.time_base
            dts = floor(packet.dts * scale + Fraction(1, 2))
            last = self.last.get(index)
            if last is not None and dts < last + self.step:
                if dts < last and not self.is_told:
                    self.is_told = True
                    logger.warning(
                        'the times of the %s step back at %.2f s; what follows comes right behind it',
                        copy.type,
                        float(packet.dts * packet.time_base),
                    )
                pts = floor(packet.pts * scale + Fraction(1, 2))
                dts = last + self.step
                packet.time_base, packet.dts, packet.pts = copy.time_base, dts, max(pts, dts)
            self.last[index] = dts
            packet.stream = copy
            yield packet


def _others(
    source: av.container.InputContainer,
    wanted: list[av.stream.Stream],
    companions: AuxStreams,
    until: Fraction | None,
    begins: Fraction,
    jumps: Sequence[Fraction],
) -> Iterator[av.Packet]:
    """What is copied, its times as they shall be."""
    wanted = [stream for stream in wanted if stream.type != 'attachment']
    if not wanted:
        return
    video = source.streams.video[0]
    zero = (video.start_time or 0) * video.time_base
    # Without a start, times stay as they are.
    start = Fraction(companions.start).limit_denominator(10**6)
    shift = (zero + start if start else Fraction(0)) + begins
    is_cut = bool(start) or begins > 0
    if companions.duration is not None:
        end = zero + start + Fraction(companions.duration).limit_denominator(10**6) - shift
        until = end if until is None else min(until, end)
    far = STEP_BACK / (video.average_rate or video.guessed_rate or DEFAULT_FPS)
    # Each track has its own number of times that it was started anew.
    before: dict[int, Fraction] = {}
    passed: dict[int, int] = {}
    for packet in source.demux(wanted):
        if packet.dts is None or packet.pts is None:
            continue
        index, stands = packet.stream.index, packet.dts * packet.time_base
        if stands < before.get(index, stands) - far and passed.get(index, 0) < len(jumps):
            passed[index] = passed.get(index, 0) + 1
        before[index] = stands
        moved = shift - (jumps[passed[index] - 1] if passed.get(index) else 0)
        ticks = round(moved / packet.time_base)
        packet.pts, packet.dts = packet.pts - ticks, packet.dts - ticks
        time = packet.pts * packet.time_base
        if (is_cut and time < 0) or (until is not None and time >= until):
            continue
        yield packet


def _in_order(segments: Iterable[Path], time_base: Fraction) -> Iterator[av.Packet]:
    """The packets of all segments, times of decoding made to go on from one to the next.

    Each segment starts its encoder anew; where frames come at a variable rate, the first times of decoding of one may
    lie before the last of another.
    """
    last = None
    for path in segments:
        for packet in PacketFile.read(path, time_base):
            if last is not None and packet.dts <= last:
                packet.dts = last + 1
            last = packet.dts
            yield packet
