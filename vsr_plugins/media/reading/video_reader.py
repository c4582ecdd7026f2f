"""Read the frames of a video file with their times."""

from collections.abc import Generator, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
from av.container import InputContainer
from av.stream import Disposition

from ..alpha import fill_hidden
from ..chroma_siting import StatedSiting
from ..frames import InputFrame, in_8_bits
from ..images.image_files import UnreadableError
from ..stereo import INTERLEAVED, stereo_layout
from ..video_files import demuxed, open_media, time_base_of, video_stream
from .completeness import has_its_end
from .decoding import RgbReader, decoder_of, matrix_of
from .deinterlacing import deinterlaced
from .reader_info import DEFAULT_FPS, ReaderInfo
from .seek import LEADS, NOTICED, Timed, seek, trim
from .shots import CutDetector

# FFmpeg's numbers of the HDR transfer functions.
HDR_TRANSFERS = {16: 'PQ', 18: 'HLG'}
# FFmpeg's flag of formats whose times may restart within a file.
TIMES_MAY_STEP_BACK = 0x200
# Times that step back by more than this many frames have been restarted.
RESTART_FRAMES = 5


class VideoReader:
    """Reads a video file.

    Args:
        path: The file.
        deinterlace: Whether interlaced frames are made progressive; ``'fields'`` makes a frame of each of their fields,
            at twice the rate.

    Attributes:
        damage: Damage found while the file was read, one sentence; None if there was none.
        first_time: Presentation time of the first frame that was read, in seconds from the start of the requested span.
        time_offsets: Seconds added to the file's times after each place where they restart, as in concatenated files;
            filled while the file is read.

    Raises:
        UnreadableError: If the file is not a video, or no frame can be decoded.
    """

    def __init__(self, path: Path, deinterlace: bool | Literal['fields'] = True) -> None:
        self.path, self.deinterlace = path, deinterlace
        self.damage: str | None = None
        self.first_time = Fraction(0)
        self.time_offsets: list[Fraction] = []
        try:
            with open_media(path) as container:
                stream = self._stream(container)
                self._can_seek = not container.format.flags & TIMES_MAY_STEP_BACK
                self.info = self._probe(container, stream)
        except av.FFmpegError as error:
            raise UnreadableError(f'{path} cannot be read as a video: {error.strerror}') from error

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """Yield the frames between ``start`` and ``start + duration`` seconds, from number ``first`` of them on.

        Times count from ``start``; without one they are those of the file, which may begin anywhere. Damaged frames are
        skipped and reported in ``damage`` afterwards. Where the size of the
        frames changes, a scene begins.
        """
        is_cut, rgb_of, size = CutDetector(), RgbReader(keep_depth=True), None
        with closing(self._trimmed(start, duration)) as trimmed:
            for index, (frame, pts, frame_duration) in enumerate(trimmed):
                if index < first:
                    continue
                pixels, alpha = rgb_of.with_alpha(frame) if self.info.has_alpha else (rgb_of(frame), None)
                begins_scene = is_cut(in_8_bits(pixels)) or (size is not None and size != pixels.shape[:2])
                size = pixels.shape[:2]
                pixels = pixels if alpha is None else fill_hidden(pixels, alpha)
                yield InputFrame(pixels, index, pts, frame_duration, begins_scene, alpha)

    def count(self, start: float = 0.0, duration: float | None = None) -> int:
        """Count the frames between ``start`` and ``start + duration`` seconds."""
        return sum(1 for _ in self._trimmed(start, duration))

    def names(self, start: float = 0.0, duration: float | None = None) -> None:
        """Frames of a video have no names."""
        return

    @property
    def _mean_duration(self) -> int:
        """Average duration of a frame, in the time base of the source."""
        return max(round(1 / (self.info.rate * self.info.time_base)), 1)

    def _trimmed(self, start: float, duration: float | None) -> Generator[Timed[av.VideoFrame], None, None]:
        """Yield the frames of a span with presentation times (from 0 if it has a start) and durations."""
        time_base = self.info.time_base
        for lead in (*LEADS, None) if start and self._can_seek else (None,):
            with open_media(self.path) as container:
                stream = self._stream(container)
                stream.thread_type = 'AUTO'
                earliest = (stream.start_time or 0) * self._units + round(
                    Fraction(start).limit_denominator(10**6) / time_base
                )
                latest = None
                if duration is not None:
                    latest = earliest + Fraction(duration).limit_denominator(10**6) / time_base
                frames = self._timed(container, stream, lead is not None)
                if lead is not None:
                    frames = seek(container, stream, frames, earliest, round(lead / time_base), self._units)
                span = trim(frames, earliest, latest, bool(start), self._mean_duration, NOTICED / time_base)
                number = None
                for number, (frame, pts, frame_duration) in enumerate(span):
                    if not number:
                        self.first_time = pts * time_base
                    yield frame, pts, frame_duration
                if number is not None or lead is None:
                    return

    def _timed(
        self, container: InputContainer, stream: av.VideoStream, after_seek: bool
    ) -> Iterator[Timed[av.VideoFrame]]:
        """Yield all frames that can be decoded, with increasing times."""
        mean_duration, last_pts, duration, offset, restarts = self._mean_duration, None, 0, 0, 0
        frames = self._decoded(container, stream, after_seek)
        if self.deinterlace:
            frames = deinterlaced(frames, time_base_of(stream), self._units > 1)
        for frame in frames:
            if frame.pts is not None:
                pts = frame.pts + offset
            elif last_pts is None:
                pts = (stream.start_time or 0) * self._units
            else:
                pts = last_pts + mean_duration
            if last_pts is not None and pts < last_pts - RESTART_FRAMES * mean_duration:
                offset += last_pts + duration - pts
                pts = last_pts + duration
                restarts += 1
                if restarts > len(self.time_offsets):
                    self.time_offsets.append(offset * self.info.time_base)
            last_pts = pts if last_pts is None else max(pts, last_pts + 1)
            duration = frame.duration or mean_duration
            yield frame, last_pts, duration

    def _decoded(self, container: InputContainer, stream: av.VideoStream, after_seek: bool) -> Iterator[av.VideoFrame]:
        """Yield all frames that can be decoded; report in ``damage`` also a truncation that the demuxer ignores."""
        damaged, end, has_begun = 0, Fraction(0), not after_seek
        as_stated = StatedSiting(container.format.name, stream.codec_context.codec.canonical_name)
        decode, packets, last_pts = decoder_of(stream), demuxed(container), {}
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                self.damage = f'the file cannot be read to its end ({error.strerror})'
                return
            if packet is None:
                break
            if packet.pts is not None:
                # A packet without a duration lasts as long as the one before.
                step = packet.pts - last_pts.get(packet.stream.index, packet.pts)
                last_pts[packet.stream.index] = packet.pts
                end = max(end, (packet.pts + (packet.duration or max(step, 0))) * packet.time_base)
            if packet.stream is not stream:
                continue
            try:
                for frame in decode(packet):
                    has_begun = True
                    if container.format.name == 'avi':
                        # It has no presentation times: those of packets are in the order of decoding.
                        frame.pts = None if frame.dts is None else frame.dts - self._delay
                    yield as_stated(frame)
            except av.FFmpegError:
                # After a seek, packets before the first key frame cannot be decoded; they are not damaged. Neither are
                # empty ones, by which Theora repeats a frame.
                damaged += has_begun and packet.size > 0
        if container.duration:
            declared = Fraction((container.start_time or 0) + container.duration, av.time_base)
            is_short = declared - end > max(2 / self.info.rate, Fraction(1, 10))
            if is_short and not has_its_end(self.path, container.format.name):
                self.damage = f'the file ends after {float(end):.2f} of {float(declared):.2f} s'
        if damaged and self.damage is None:
            self.damage = f'{damaged} packets of the file are damaged'

    @staticmethod
    def _stream(container: InputContainer) -> av.VideoStream:
        stream = video_stream(container)
        if stream is None:
            raise UnreadableError(f'{Path(container.name)} has no video stream')
        return stream

    def _probe(self, container: InputContainer, stream: av.VideoStream) -> ReaderInfo:
        frames = _decodable(container, stream)
        frame = next(frames, None)
        if frame is None:
            raise UnreadableError(f'no frame of {self.path} can be decoded')
        # Frames are decoded before they are shown, if there are B-frames.
        self._delay = 0 if frame.dts is None else frame.dts - (stream.start_time or 0)
        # Ticks of the frames' times for one of the stream's.
        self._units = 2 if self.deinterlace == 'fields' and frame.interlaced_frame else 1
        time_base, rate = time_base_of(stream) / self._units, _rate_of(stream) * self._units
        seconds = (
            stream.duration * time_base_of(stream)
            if stream.duration
            else Fraction(container.duration or 0, av.time_base)
        )
        try:
            rgb_of = RgbReader()
            pixels, alpha = rgb_of.with_alpha(frame)
            height, width = pixels.shape[:2]
        except av.FFmpegError as error:
            raise UnreadableError(
                f'the colours of {self.path} cannot be converted: pixel format {frame.format.name}, FFmpeg matrix '
                f'{matrix_of(frame)} ({error.strerror})'
            ) from error
        aspect = stream.sample_aspect_ratio or Fraction(1)
        # Of a square frame the size does not tell.
        if frame.rotation % 180 == 90:
            aspect = 1 / aspect
        stereo = stereo_layout(frame, stream.metadata)
        # RGB has its full range by nature; coded as YUV it is limited, as players expect.
        is_full = frame.color_range == 2 and not frame.format.is_rgb or frame.format.name.startswith('yuvj')
        return ReaderInfo(
            size=(height, width),
            time_base=time_base,
            rate=rate,
            frames=stream.frames * self._units or round(seconds * rate) or None,
            codec=stream.codec_context.codec.canonical_name,
            pix_fmt=frame.format.name,
            colors=(2 if is_full else 1, matrix_of(frame), frame.color_trc, frame.color_primaries),
            aspect=aspect,
            warnings=(*_warnings(frame, self.deinterlace, stereo), *_further_streams(container)),
            # Decoders of pictures give opacity to all; codecs of film have it on purpose.
            has_alpha=alpha is not None
            and (frame.format.name.startswith('yuva') or alpha.min() < 255 or _has_transparent(frames, rgb_of)),
            stereo=stereo,
        )


def _decodable(container: InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Yield the frames of a stream that can be decoded."""
    decode = decoder_of(stream)
    for packet in demuxed(container, stream):
        try:
            yield from decode(packet)
        except av.FFmpegError:
            continue


def _has_transparent(frames: Iterator[av.VideoFrame], rgb_of: RgbReader) -> bool:
    alphas = (rgb_of.with_alpha(frame)[1] for frame in frames)
    return any(alpha is not None and alpha.min() < 255 for alpha in alphas)


def _rate_of(stream: av.VideoStream) -> Fraction:
    """Average frames per second. For raw DV FFmpeg's average is its unit of time."""
    average, guessed = stream.average_rate, stream.guessed_rate
    if average and guessed and average * time_base_of(stream) >= 1 and guessed < average:
        return guessed
    return average or guessed or DEFAULT_FPS


def _warnings(frame: av.VideoFrame, deinterlace: bool | str, stereo: str | None) -> Iterator[str]:
    if (transfer := HDR_TRANSFERS.get(frame.color_trc)) is not None:
        yield (
            f'HDR input ({transfer}) is not converted: the coded values are restored like those of SDR and tagged as '
            'HDR again; the metadata of the mastering display are not copied'
        )
    if frame.interlaced_frame and deinterlace:
        made = 'twice as many frames' if deinterlace == 'fields' else 'frames'
        yield f'interlaced input is deinterlaced by bwdif to {made}; --deinterlace off restores two fields as one frame'
    elif frame.interlaced_frame:
        yield 'interlaced input is not deinterlaced: two fields are restored as one frame, which amplifies combing'

    if stereo is not None and stereo.startswith(INTERLEAVED):
        yield f'the two views of this stereo film are interleaved ({stereo}), and upscaling mixes them'
    if _is_spherical(frame):
        yield 'the projection of this spherical film is not stated in the output; players show it as a flat picture'


def _is_spherical(frame: av.VideoFrame) -> bool:
    try:
        return 'SPHERICAL' in frame.side_data
    except ValueError:  # PyAV has no name for some of the side data
        return False


def _further_streams(container: InputContainer) -> Iterator[str]:
    cover = Disposition.attached_pic
    further = sum(not stream.disposition & cover for stream in container.streams.video) - 1
    if further:
        yield f'{further} further video stream{"s" * (further > 1)} beside the default one: left out'
