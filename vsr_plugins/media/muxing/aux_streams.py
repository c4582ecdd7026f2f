"""Audio, subtitles, attachments and cover art of a source: which are copied, and which are transcoded to what."""

import io
import logging
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import cast

import av
from av.container import InputContainer
from av.stream import Disposition, Stream

from ..encoding.containers import container_of
from ..encoding.video_spec import VideoSpec
from ..video_files import demuxed, open_media, require_video_stream, time_base_of, video_stream
from .transcoding import AudioTranscoder, decodes_to_text, first_frame

logger = logging.getLogger(__name__)

AUDIO = ('auto', 'copy', 'transcode', 'none')
# Packets of a track that are written to see whether a container takes them.
TRIAL_PACKETS = 8
# Audio that is heard this much too early, in seconds, is not noticed.
MAX_EARLY = Fraction(1, 50)


@dataclass(frozen=True)
class Track:
    """A track of the output.

    Attributes:
        index: Index of the stream in the source.
        codec: Encoder to which it is transcoded; None copies it.
    """

    index: int
    codec: str | None = None


@dataclass(frozen=True)
class AuxStreams:
    """Audio, subtitles and attachments of a source.

    Attributes:
        path: The source.
        audio: ``'auto'`` copies audio and transcodes what the container does not take, ``'copy'`` and ``'transcode'``
            do only that, ``'none'`` omits it.
        subtitles: Whether subtitles and their fonts are kept.
        start: Seconds skipped from the beginning of its video.
        duration: Seconds to keep; None for all.
        tracks: What is done with each stream; see ``planned``.
    """

    path: Path
    audio: str = 'auto'
    subtitles: bool = True
    start: float = 0.0
    duration: float | None = None
    tracks: tuple[Track, ...] = ()

    def __post_init__(self) -> None:
        if self.audio not in AUDIO:
            raise ValueError(f'audio must be one of {", ".join(AUDIO)}, but got {self.audio!r}')

    def zero(self, source: InputContainer, first_time: Fraction) -> Fraction:
        """Return the time of the source, in seconds from the start of the span, at which the output begins.

        Args:
            source: The source.
            first_time: Time of the first frame.
        """
        if self.start:
            return Fraction(0)
        kept = {track.index for track in self.tracks}
        audio = [one for one in source.streams.audio if one.index in kept]
        times = [one.start_time * time_base_of(one) for one in audio if one.start_time is not None]
        return min([first_time, *times])

    def planned(self, spec: VideoSpec) -> 'AuxStreams':
        """Return these streams with a decision for each, which is logged unless it is to copy the stream.

        Args:
            spec: The container and the video stream.

        Raises:
            ValueError: If the container does not take audio that must be kept.
        """
        tracks = []
        with open_media(self.path) as source:
            streams = [(one.index, one.type, _codec_of(one)) for one in source.streams]
            late = set() if container_of(spec.container).states_starts else self._late(source)
        for index, kind, codec in streams:
            if kind == 'audio' and self.audio != 'none':
                tracks += self._audio(spec, index, codec, index in late)
            elif kind == 'subtitle' and self.subtitles:
                tracks += self._subtitle(spec, index, codec)
            elif kind == 'attachment' and self.subtitles and container_of(spec.container).holds_attachments:
                tracks.append(Track(index))
        return replace(self, tracks=tuple(tracks))

    def _late(self, source: InputContainer) -> set[int]:
        """Indices of the tracks of audio that begin after the output does."""
        film = require_video_stream(source)
        times = {one.index: (one.start_time or 0) * time_base_of(one) for one in (film, *source.streams.audio)}
        start = Fraction(self.start).limit_denominator(10**6)
        begin = times[film.index] + start if start else min(times.values())
        return {one.index for one in source.streams.audio if times[one.index] - begin > MAX_EARLY}

    def _audio(self, spec: VideoSpec, index: int, codec: str, is_late: bool) -> list[Track]:
        can_copy = self.audio != 'transcode' and self._can_copy(spec, index, codec, 'audio')
        if can_copy and is_late and self.audio == 'copy':
            logger.warning(
                '%s: %s does not state when audio begins: a track is heard too early; --audio transcode fills it up '
                'with silence',
                *(self.path, spec.container),
            )
        if can_copy and (not is_late or self.audio == 'copy'):
            return [Track(index)]
        if self.audio == 'copy':
            raise ValueError(
                f'{spec.container} does not take the audio of {self.path} ({codec}); transcode it with --audio '
                'transcode or omit it with --audio none'
            )
        container = container_of(spec.container)
        encoders = container.audio_encoders
        if container.holds_lossless_audio and _is_lossless(codec):
            encoders = ('flac', *encoders)
        for encoder in encoders:
            if self._can_transcode(spec, index, encoder):
                if self.audio == 'auto':
                    fault = 'state when the audio begins' if can_copy else 'take the audio'
                    logger.warning(
                        '%s: %s does not %s (%s); it is transcoded to %s',
                        *(self.path, spec.container, fault, codec, encoder),
                    )
                return [Track(index, encoder)]
        if self.audio == 'auto' and not self._is_heard(index):
            logger.warning('%s: nothing of the audio (%s) can be decoded; it is left out', self.path, codec)
            return []
        raise ValueError(
            f'{spec.container} does not take the audio of {self.path} ({codec}), nor any that it can be transcoded to; '
            'omit it with --audio none'
        )

    def _subtitle(self, spec: VideoSpec, index: int, codec: str) -> list[Track]:
        if self._can_copy(spec, index, codec, 'subtitle'):
            return [Track(index)]
        encoder = container_of(spec.container).subtitle_encoder
        if encoder is not None and decodes_to_text(codec):
            logger.warning(
                '%s: %s does not take the subtitles (%s); they are transcoded to %s',
                *(self.path, spec.container, codec, encoder),
            )
            return [Track(index, encoder)]
        logger.warning(
            '%s: %s does not take the subtitles (%s), nor any that they can be transcoded to; they are left out',
            *(self.path, spec.container, codec),
        )
        return []

    def _can_copy(self, spec: VideoSpec, index: int, codec: str, kind: str) -> bool:
        """Whether a container takes a stream; some fail at the header, some at a packet, some write what none reads."""
        copied = container_of(spec.container).copied
        if copied is not None and codec not in copied[kind]:
            return False
        file = io.BytesIO()
        try:
            with open_media(self.path) as source:
                stream = source.streams[index]
                with open_media(file, 'w', format=spec.container) as probe:
                    spec.add_to(probe)
                    copy = probe.add_stream_from_template(stream, **template_options(stream))
                    probe.start_encoding()
                    heard = (
                        packet
                        for packet in demuxed(source, stream)
                        if None not in (packet.pts, packet.dts) and not packet.is_discard
                    )
                    for packet in islice(heard, TRIAL_PACKETS if kind == 'audio' else 0):
                        packet.stream = copy
                        probe.mux(packet)
        except (ValueError, av.FFmpegError):
            return False
        return kind != 'audio' or copied is not None or _is_found(file, codec)

    def _can_transcode(self, spec: VideoSpec, index: int, encoder: str) -> bool:
        try:
            with (
                open_media(self.path) as source,
                open_media(io.BytesIO(), 'w', format=spec.container) as probe,
            ):
                spec.add_to(probe)
                AudioTranscoder(cast(av.AudioStream, source.streams[index]), probe, encoder)
                probe.start_encoding()
        except (ValueError, av.FFmpegError):
            return False
        return True

    def _is_heard(self, index: int) -> bool:
        """Whether any sound of a track can be decoded."""
        with open_media(self.path) as source:
            return first_frame(cast(av.AudioStream, source.streams[index])) is not None

    def covers(self, source: InputContainer) -> list[av.VideoStream]:
        """Return the pictures of a source that are not its film."""
        film = video_stream(source)
        return [
            stream
            for stream in source.streams.video
            if stream is not film and stream.disposition & Disposition.attached_pic
        ]


def template_options(stream: Stream) -> dict[str, bool]:
    """Return the options of ``add_stream_from_template`` with which a stream is copied without its decoder."""
    return {} if stream.codec_context is None else {'opaque': True}


def _codec_of(stream: Stream) -> str:
    return 'unknown' if stream.codec_context is None else stream.codec_context.codec.canonical_name


def _is_lossless(codec: str) -> bool:
    try:
        described = av.Codec(codec, 'r')
    except ValueError:
        return False
    return described.lossless and not described.lossy


def _is_found(file: io.BytesIO, codec: str) -> bool:
    """Whether audio that was written is read as what it is, and decoded; files too short to be read may hold it."""
    file.seek(0)
    try:
        with open_media(file) as source:
            stream = next(iter(source.streams.audio), None)
            if stream is None:
                return True
            if _codec_of(stream) not in (codec, 'aac_latm'):
                return False
            return stream.codec_context is None or next(source.decode(stream), None) is not None
    except (av.FFmpegError, ValueError):
        return False
