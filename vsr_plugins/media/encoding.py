"""How frames become a video stream: codec, pixel format, colours, times."""

import contextlib
import io
import json
import logging
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.codec.codec import find_best_pix_fmt_of_list
from av.video.reformatter import VideoReformatter

from .decoding import ACCURATE, usual_matrix
from .frames import OutputFrame
from .readers import ReaderInfo
from .video_files import open_media

logger = logging.getLogger(__name__)

# Encoder that keeps what the source is coded with, by FFmpeg's name of the codec.
ENCODERS = {
    'h264': 'libx264',
    'hevc': 'libx265',
    'vp9': 'libvpx-vp9',
    'av1': 'libsvtav1',
    'ffv1': 'ffv1',
    'prores': 'prores_ks',
}
# What is taken where that is not to be had.
BY_CONTAINER = {'webm': 'libvpx-vp9', 'yuv4mpegpipe': 'rawvideo'}
FALLBACK = 'libx264'
# What a transport stream takes beside what FFmpeg's own table of it says.
TRANSPORTED = {'h264', 'hevc'}
# Visually near lossless, by each encoder's own measure, and the greatest that each takes.
CRF = {'libx264': 17, 'libx265': 19, 'libvpx-vp9': 20, 'libsvtav1': 20}
WORST_CRF = {'libx264': 51, 'libx265': 51, 'libvpx-vp9': 63, 'libsvtav1': 63}
QUIET = {'libx265': {'x265-params': 'log-level=error'}}
# FFmpeg's flag of formats whose frames may last differently long; the others know one rate.
VARIABLE_RATE = 0x400
PLANAR = ['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le']
PROBE_SIZE = (64, 64)
_RECORD = struct.Struct('<qqqBI')


@dataclass(frozen=True)
class VideoSpec:
    """All that an encoder is told.

    Attributes:
        container: FFmpeg's name of the file format.
        codec: Name of the encoder.
        pix_fmt: Pixel format.
        size: (h, w).
        time_base: Seconds that times are counted in.
        rate: Frames per second on average.
        is_constant: The file format knows one rate only: a frame's time is its number.
        colors: FFmpeg's numbers of range, matrix, transfer and primaries.
        aspect: Width of a pixel by its height.
        crf: Constant rate factor; None leaves the encoder its own.
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
    crf: int | None

    def add_to(self, container: av.container.OutputContainer) -> av.VideoStream:
        """A stream like this; two of the same specification code alike."""
        options = dict(QUIET.get(self.codec, {}))
        if self.crf is not None:
            options['crf'] = str(self.crf)
            if self.codec == 'libvpx-vp9':
                options |= {'b': '0', 'row-mt': '1', 'cpu-used': '4'}
        stream = container.add_stream(self.codec, rate=self.rate, options=options)
        stream.height, stream.width = self.size
        stream.pix_fmt = self.pix_fmt
        context = stream.codec_context
        context.time_base = self.time_base
        context.sample_aspect_ratio = self.aspect
        context.color_range, context.colorspace, context.color_trc, context.color_primaries = self.colors
        if self.codec == 'rawvideo':
            context.thread_count = 1
        if self.codec == 'libsvtav1':
            # It talks past FFmpeg's log; 1 lets errors through.
            os.environ.setdefault('SVT_LOG', '1')
        return stream

    def to_json(self) -> str:
        """As text, to tell whether two are the same."""
        return json.dumps(asdict(self), default=str, sort_keys=True)


def plan_video(
    path: Path, info: ReaderInfo, scale: int, temporal_scale: int, codec: str | None = None, crf: int | None = None
) -> VideoSpec:
    """What a video at ``path`` is coded with, as near to its source as its container allows.

    Args:
        path: Its ending names the container.
        info: The source.
        scale: Enlargement.
        temporal_scale: Frames written for each that is read.
        codec: Encoder to use; None keeps the source's codec.
        crf: Constant rate factor; None is near lossless.

    Raises:
        ValueError: If there is no such container or encoder, or one does not take the other or the frames.
    """
    try:
        with open_media(io.BytesIO(), 'w', format=av.ContainerFormat(_format_of(path), 'w').name) as probe:
            container, known = probe.format.name, probe.supported_codecs
            is_constant = not probe.format.flags & VARIABLE_RATE
    except ValueError as error:
        raise ValueError(f'{path}: no video format is known by this ending; take .mp4, .mkv, .webm or .mov') from error
    if container == 'mpegts':
        known = known | TRANSPORTED
    if codec is None:
        codec = BY_CONTAINER.get(container) or ENCODERS.get(info.codec, FALLBACK)
        if container not in BY_CONTAINER and not _goes_into(codec, known):
            codec = FALLBACK
        if container == 'webm' and info.codec == 'av1':
            codec = ENCODERS['av1']
    try:
        encoder = av.Codec(codec, 'w')
    except ValueError as error:
        raise ValueError(f'there is no encoder {codec!r}; such as {", ".join(ENCODERS.values())} there are') from error
    if encoder.type != 'video':
        raise ValueError(f'{codec} is no encoder of video')
    if container != 'yuv4mpegpipe' and not _goes_into(codec, known):
        raise ValueError(f'{path.suffix} files do not take {codec}; use another --codec or another ending')
    height, width = (side * scale for side in info.size)
    formats = [one.name for one in encoder.video_formats or ()]
    colors = info.colors
    if container == 'yuv4mpegpipe':
        formats = PLANAR[:3]
        # Its header has no room for a matrix: readers take the one that is usual for the size.
        colors = (colors[0], usual_matrix(height, width), *colors[2:])
    pix_fmt = choose_pix_fmt(info.pix_fmt, formats, (height, width))
    depths = [av.VideoFormat(name).components[0].bits for name in (info.pix_fmt, pix_fmt)]
    if depths[1] < depths[0]:
        logger.warning(
            '%s takes no more than %d of the %d bits of the source; another --codec may', codec, *depths[::-1]
        )
    if crf is None:
        crf = CRF.get(codec)
    elif codec not in CRF:
        raise ValueError(f'{codec} knows no --crf; that is for {", ".join(CRF)}')
    elif not 0 <= crf <= WORST_CRF[codec]:
        raise ValueError(f'--crf of {codec} must be between 0 and {WORST_CRF[codec]}, but got {crf}')
    rate = info.rate * temporal_scale
    return VideoSpec(
        container,
        codec,
        pix_fmt,
        (height, width),
        1 / rate if is_constant else info.time_base / temporal_scale,
        rate,
        is_constant,
        colors,
        info.aspect,
        crf,
    )


def choose_pix_fmt(source: str, formats: list[str], size: tuple[int, int]) -> str:
    """The source's pixel format, or what loses least of it, among those of planes of Y, U and V.

    Where a side is odd, chroma cannot be halved along it without losing a row of pixels; then it is not.

    Args:
        source: Of the source.
        formats: What the encoder takes; empty for anything.
        size: (h, w) of the output.
    """

    def is_fit(name: str) -> bool:
        found = av.VideoFormat(name, *PROBE_SIZE)
        if not re.fullmatch(r'yuv4\d\dp(\d+le)?', name):
            return False
        chroma = found.components[1]
        return not (size[1] % 2 and chroma.width < PROBE_SIZE[0]) and not (
            size[0] % 2 and chroma.height < PROBE_SIZE[1]
        )

    candidates = [name for name in formats or PLANAR if is_fit(name)]
    if not candidates:
        raise ValueError(f'the encoder takes no pixel format for frames of {size[1]}x{size[0]}; use another --codec')
    return find_best_pix_fmt_of_list(candidates, source)[0].name


def _format_of(path: Path) -> str:
    names = {'.mkv': 'matroska', '.y4m': 'yuv4mpegpipe', '.m4v': 'mp4', '.ts': 'mpegts', '.m2ts': 'mpegts'}
    return names.get(path.suffix.lower(), path.suffix.lower().lstrip('.'))


def _goes_into(codec: str, known: set[str]) -> bool:
    try:
        return av.Codec(codec, 'w').canonical_name in known
    except ValueError:
        return False


class PacketFile:
    """Encoded frames of a stretch of a video, kept outside any container until the whole is put together.

    Containers round times or move them; here every packet keeps the times that the encoder gave it.
    """

    @staticmethod
    def write(file: BinaryIO, packet: av.Packet) -> None:
        """Append a packet."""
        data = bytes(packet)
        pts = packet.pts if packet.pts is not None else packet.dts
        dts = packet.dts if packet.dts is not None else pts
        file.write(_RECORD.pack(pts, dts, packet.duration or 0, packet.is_keyframe, len(data)))
        file.write(data)

    @staticmethod
    def read(path: Path, time_base: Fraction) -> Iterator[av.Packet]:
        """The packets, in the order in which they are decoded."""
        with open(path, 'rb') as file:
            while head := file.read(_RECORD.size):
                pts, dts, duration, is_key, length = _RECORD.unpack(head)
                packet = av.Packet(file.read(length))
                packet.pts, packet.dts, packet.duration, packet.time_base = pts, dts, duration, time_base
                packet.is_keyframe = bool(is_key)
                yield packet


class SegmentEncoder:
    """Encodes a stretch of a video into a ``PacketFile``, which appears under its name when it is whole.

    Args:
        path: The file.
        spec: How to encode.
    """

    def __init__(self, path: Path, spec: VideoSpec) -> None:
        self.path = path
        self.spec = spec
        self._partial = path.with_suffix('.partial')
        self._file = open(self._partial, 'wb')  # noqa: SIM115 (closed by finish and abandon)
        # Never written to: it only says what the file format asks of an encoder.
        self._container = open_media(io.BytesIO(), 'w', format=spec.container)
        self._stream = spec.add_to(self._container)
        self._reformatter = VideoReformatter()
        self.frames = 0

    def write(self, frame: OutputFrame) -> None:
        """Encode a frame."""
        picture = picture_of(frame.pixels, self.spec, self._reformatter)
        picture.pts, picture.time_base, picture.duration = frame.pts, self.spec.time_base, frame.duration
        try:
            self._put(self._stream.encode(picture))
        except av.FFmpegError as error:
            height, width = self.spec.size
            raise ValueError(
                f'{self.spec.codec} cannot encode frames of {width}x{height} in {self.spec.pix_fmt} '
                f'({error.strerror}); another --codec may'
            ) from error
        self.frames += 1

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._put(self._stream.encode(None) if self.frames else [])
        self._file.flush()
        os.fsync(self._file.fileno())
        self._close()
        os.replace(self._partial, self.path)

    def abandon(self) -> None:
        """Leave nothing."""
        # On a full disk what was not written yet cannot be written while closing either.
        with contextlib.suppress(OSError):
            self._close()
        self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        # A container and its streams refer to each other. Left to the garbage collector, the encoders of many segments,
        # with their threads and the frames they look back at, are held at once.
        self._container.close()
        self._file.close()

    def _put(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            PacketFile.write(self._file, packet)


def picture_of(pixels: np.ndarray, spec: VideoSpec, reformatter: VideoReformatter) -> av.VideoFrame:
    """(h, w, 3) RGB, uint8 or uint16, in the colours and the pixel format of ``spec``."""
    rgb = av.VideoFrame.from_ndarray(pixels, format='rgb48le' if pixels.dtype == np.uint16 else 'rgb24')
    color_range, matrix, transfer, primaries = spec.colors
    rgb.colorspace = matrix
    picture = reformatter.reformat(
        rgb, format=spec.pix_fmt, interpolation=ACCURATE, dst_color_range=color_range, threads=1
    )
    picture.colorspace, picture.color_trc, picture.color_primaries = matrix, transfer, primaries
    return picture
