"""Putting a video together: the frames that were encoded, and what the source had beside them."""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from .encoding import PacketFile, VideoSpec

# Said of the file that was read, not of what is in it.
CONTAINER_TAGS = ('major_brand', 'minor_version', 'compatible_brands', 'encoder', 'duration')


@dataclass(frozen=True)
class Companions:
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

    def check(self, container: str) -> None:
        """Whether a container takes them.

        Raises:
            ValueError: If it does not.
        """
        with av.open(str(self.path)) as source, av.open(io.BytesIO(), 'w', format=container) as probe:
            for stream in self.streams(source):
                if stream.type == 'attachment':
                    continue
                try:
                    probe.add_stream_from_template(stream, opaque=True)
                except (ValueError, av.FFmpegError) as error:
                    option = '--no-audio' if stream.type == 'audio' else '--no-subtitles'
                    name = stream.codec_context.codec.canonical_name if stream.codec_context else 'unknown'
                    raise ValueError(
                        f'{container} does not take the {stream.type} of {self.path} ({name}); write .mkv, '
                        f'which takes nearly everything, or leave it out with {option}'
                    ) from error


def join(
    path: Path,
    spec: VideoSpec,
    segments: Iterable[Path],
    companions: Companions | None = None,
    until: Fraction | None = None,
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
    """
    # Where the codec has no room for its colours, as FFV1 has none in .mp4, the container says them.
    options = {'movflags': 'write_colr'} if spec.container in ('mp4', 'mov') else {}
    with av.open(str(path), 'w', format=spec.container, container_options=options) as output:
        # An encoder like those of the segments, which writes nothing: its headers are theirs.
        video = spec.add_to(output)
        if companions is None:
            for packet in _in_order(segments, spec.time_base):
                packet.stream = video
                output.mux(packet)
            return
        with av.open(str(companions.path)) as source:
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
            others = _others(source, wanted, companions, until)
            waiting = next(others, None)
            for packet in _in_order(segments, spec.time_base):
                now = packet.dts * spec.time_base
                while waiting is not None and waiting.dts * waiting.time_base <= now:
                    waiting = _mux(output, copies, waiting, others)
                packet.stream = video
                output.mux(packet)
            while waiting is not None:
                waiting = _mux(output, copies, waiting, others)


def _template(stream: av.stream.Stream) -> dict:
    return {} if stream.codec_context is None else {'opaque': True}


def _mux(
    output: av.container.OutputContainer, copies: dict, packet: av.Packet, others: Iterator[av.Packet]
) -> av.Packet | None:
    packet.stream = copies[packet.stream.index]
    output.mux(packet)
    return next(others, None)


def _others(
    source: av.container.InputContainer,
    wanted: list[av.stream.Stream],
    companions: Companions,
    until: Fraction | None,
) -> Iterator[av.Packet]:
    """What is copied, its times as they shall be."""
    wanted = [stream for stream in wanted if stream.type != 'attachment']
    if not wanted:
        return
    video = source.streams.video[0]
    zero = (video.start_time or 0) * video.time_base
    # Without a start, times stay as they are.
    start = Fraction(companions.start).limit_denominator(10**6)
    shift = zero + start if start else Fraction(0)
    if companions.duration is not None:
        end = zero + start + Fraction(companions.duration).limit_denominator(10**6) - shift
        until = end if until is None else min(until, end)
    for packet in source.demux(wanted):
        if packet.dts is None or packet.pts is None:
            continue
        moved = round(shift / packet.time_base)
        packet.pts, packet.dts = packet.pts - moved, packet.dts - moved
        time = packet.pts * packet.time_base
        if (start and time < 0) or (until is not None and time >= until):
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
