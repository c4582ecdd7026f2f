"""Encode frames to a video stream: choice of codec and pixel format, colours, times."""

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
from av.packet import PacketSideData
from av.video.reformatter import VideoReformatter

from .alpha import composite
from .decoding import ACCURATE, usual_matrix
from .frames import OutputFrame
from .readers import ReaderInfo
from .video_files import open_media

logger = logging.getLogger(__name__)

# Encoder for each codec of a source, by FFmpeg's names.
ENCODERS = {
    'h264': 'libx264',
    'hevc': 'libx265',
    'vp9': 'libvpx-vp9',
    'av1': 'libsvtav1',
    'ffv1': 'ffv1',
    'prores': 'prores_ks',
}
# Encoders of containers that do not take the source's codec.
BY_CONTAINER = {'webm': 'libvpx-vp9', 'yuv4mpegpipe': 'rawvideo'}
FALLBACK = 'libx264'
# Codecs that a transport stream supports but FFmpeg's table of it omits.
MPEGTS_CODECS = {'h264', 'hevc'}
# Visually near lossless value of each encoder, and its maximum.
CRF = {'libx264': 17, 'libx265': 19, 'libvpx-vp9': 20, 'libsvtav1': 20}
MAX_CRF = {'libx264': 51, 'libx265': 51, 'libvpx-vp9': 63, 'libsvtav1': 63}
QUIET = {'libx265': {'x265-params': 'log-level=error'}}
# FFmpeg's flag of formats with a variable frame rate; the others have a constant rate.
VARIABLE_RATE = 0x400
PLANAR = ['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le']
PROBE_SIZE = (64, 64)
_RECORD = struct.Struct('<qqqBI')
_SIZE = struct.Struct('<I')
# Where VP9 keeps its opacity, by FFmpeg's name and number.
SIDE_DATA, SIDE_DATA_NUMBER = 'matroska_block_additional', 15
# libvpx lists others, and opens none of them.
VP9_ALPHA = 'yuva420p'
# Encoder with opacity of containers that have one, for sources whose own codec has none.
WITH_ALPHA = {'mov': 'prores_ks', 'webm': 'libvpx-vp9', 'matroska': 'ffv1'}


@dataclass(frozen=True)
class VideoSpec:
    """Complete settings of an encoder and its container.

    Attributes:
        container: FFmpeg's name of the file format.
        codec: Name of the encoder.
        pix_fmt: Pixel format.
        size: (h, w).
        time_base: Unit of times in seconds.
        rate: Average frames per second.
        is_constant: Whether the file format has a constant rate only, so that a frame's time is its number.
        colors: FFmpeg's numbers of range, matrix, transfer and primaries.
        aspect: Width of a pixel divided by its height.
        crf: Constant rate factor; None leaves the encoder's default.
        background: RGB that shows through where frames are transparent and the pixel format has no opacity.
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
    background: tuple[int, int, int] = (0, 0, 0)

    def add_to(self, container: av.container.OutputContainer) -> av.VideoStream:
        """Add a stream with these settings to a container; equal settings encode identically."""
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
            # SVT-AV1 does not print through FFmpeg's log; level 1 prints errors only.
            os.environ.setdefault('SVT_LOG', '1')
        return stream

    @property
    def has_alpha(self) -> bool:
        """Whether the pixel format holds opacity."""
        return has_alpha(self.pix_fmt)

    def to_json(self) -> str:
        """Serialise to text, so that settings can be compared for equality."""
        return json.dumps(asdict(self), default=str, sort_keys=True)


def plan_video(
    path: Path, info: ReaderInfo, scale: int, temporal_scale: int, codec: str | None = None, crf: int | None = None
) -> VideoSpec:
    """Choose the encoding of a video at ``path``, as close to that of its source as the container allows.

    Args:
        path: Path of the video; its suffix names the container.
        info: The source.
        scale: Spatial upscaling factor.
        temporal_scale: Output frames for each source frame.
        codec: Encoder to use; None keeps the source's codec.
        crf: Constant rate factor; None is near lossless.

    Raises:
        ValueError: If the container or encoder is unknown, or they do not support each other or the frames.
    """
    try:
        with open_media(io.BytesIO(), 'w', format=av.ContainerFormat(_format_of(path), 'w').name) as probe:
            container, known = probe.format.name, probe.supported_codecs
            is_constant = not probe.format.flags & VARIABLE_RATE
    except ValueError as error:
        raise ValueError(
            f'{path}: no video format has the suffix {path.suffix!r}; use .mp4, .mkv, .webm or .mov'
        ) from error
    if container == 'mpegts':
        known = known | MPEGTS_CODECS
    if codec is None:
        codec = BY_CONTAINER.get(container) or ENCODERS.get(info.codec, FALLBACK)
        if container not in BY_CONTAINER and not _is_supported(codec, known):
            codec = FALLBACK
        if container == 'webm' and info.codec == 'av1':
            codec = ENCODERS['av1']
        if info.has_alpha and not _holds_alpha(codec, container):
            codec = WITH_ALPHA.get(container, codec)
    try:
        encoder = av.Codec(codec, 'w')
    except ValueError as error:
        raise ValueError(f'encoder {codec!r} is unknown; use for example {", ".join(ENCODERS.values())}') from error
    if encoder.type != 'video':
        raise ValueError(f'{codec} is not a video encoder; use for example {", ".join(ENCODERS.values())}')
    if container != 'yuv4mpegpipe' and not _is_supported(codec, known):
        raise ValueError(f'{path.suffix} files do not support {codec}; use another --codec or another suffix')
    height, width = (side * scale for side in info.size)
    formats = [one.name for one in encoder.video_formats or ()]
    colors = info.colors
    if container == 'yuv4mpegpipe':
        formats = PLANAR[:3]
        # Its header has no field for the matrix: readers assume the usual one for the size.
        colors = (colors[0], usual_matrix(height, width), *colors[2:])
    pix_fmt = choose_pix_fmt(info.pix_fmt, formats, (height, width))
    if info.has_alpha and _holds_alpha(codec, container):
        pix_fmt = VP9_ALPHA if codec == 'libvpx-vp9' else _with_alpha(pix_fmt, formats)
    elif info.has_alpha:
        logger.warning(
            '%s in %s files holds no transparency: the frames are composited over a background; .mov and .webm files '
            'keep it',
            codec,
            path.suffix,
        )
    depths = [av.VideoFormat(name).components[0].bits for name in (info.pix_fmt, pix_fmt)]
    if depths[1] < depths[0]:
        logger.warning('%s supports only %d of the %d bits of the source; try another --codec', codec, *depths[::-1])
    if crf is None:
        crf = CRF.get(codec)
    elif codec not in CRF:
        raise ValueError(f'{codec} does not support --crf, but got {crf}; only {", ".join(CRF)} do')
    elif not 0 <= crf <= MAX_CRF[codec]:
        raise ValueError(f'--crf of {codec} must be between 0 and {MAX_CRF[codec]}, but got {crf}')
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


def _holds_alpha(codec: str, container: str) -> bool:
    """Whether an encoder writes opacity into a container."""
    formats = [one.name for one in av.Codec(codec, 'w').video_formats or ()]
    is_vp9 = codec == 'libvpx-vp9'
    return any(map(has_alpha, formats)) and (not is_vp9 or container in ('webm', 'matroska'))


def _with_alpha(pix_fmt: str, formats: list[str]) -> str:
    """Return the format with opacity that is nearest to a YUV format."""
    same = pix_fmt.replace('yuv', 'yuva')
    # An encoder of 4:2:2 may have opacity in 4:4:4 only.
    return same if same in formats else next(name for name in formats if re.match(r'yuva4\d\dp', name))


def has_alpha(pix_fmt: str) -> bool:
    """Whether a pixel format, by FFmpeg's name, holds opacity."""
    return any(component.is_alpha for component in av.VideoFormat(pix_fmt).components)


def choose_pix_fmt(source: str, formats: list[str], size: tuple[int, int]) -> str:
    """Choose the planar YUV format that equals the source's pixel format or loses least of it.

    Along an odd side chroma cannot be halved without losing a row of pixels; such formats are excluded.

    Args:
        source: Pixel format of the source.
        formats: Formats that the encoder supports; empty for any.
        size: (h, w) of the output.

    Raises:
        ValueError: If no format fits.
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
        raise ValueError(f'the encoder supports no pixel format for frames of {size[1]}x{size[0]}; use another --codec')
    return find_best_pix_fmt_of_list(candidates, source)[0].name


def _format_of(path: Path) -> str:
    names = {'.mkv': 'matroska', '.y4m': 'yuv4mpegpipe', '.m4v': 'mp4', '.ts': 'mpegts', '.m2ts': 'mpegts'}
    return names.get(path.suffix.lower(), path.suffix.lower().lstrip('.'))


def can_write(suffix: str) -> bool:
    """Whether a file of this suffix, such as ``.mp4``, can hold a video encoded by one of ``ENCODERS``."""
    try:
        with open_media(
            io.BytesIO(), 'w', format=av.ContainerFormat(_format_of(Path(f'a{suffix}')), 'w').name
        ) as probe:
            container, known = probe.format.name, probe.supported_codecs
    except ValueError:
        return False
    return container in BY_CONTAINER or container == 'mpegts' or _is_supported(FALLBACK, known)


def _is_supported(codec: str, known: set[str]) -> bool:
    try:
        return av.Codec(codec, 'w').canonical_name in known
    except ValueError:
        return False


class PacketFile:
    """Encoded frames of a part of a video, stored without a container until all parts are muxed.

    Containers round or shift times; in this file every packet keeps the times set by the encoder.
    """

    @staticmethod
    def write(file: BinaryIO, packet: av.Packet) -> None:
        """Append a packet."""
        data = bytes(packet)
        pts = packet.pts if packet.pts is not None else packet.dts
        dts = packet.dts if packet.dts is not None else pts
        side = bytes(packet.get_sidedata(SIDE_DATA)) if packet.has_sidedata(SIDE_DATA) else b''
        flags = bool(packet.is_keyframe) + 2 * bool(side)
        file.write(_RECORD.pack(pts, dts, packet.duration or 0, flags, len(data)))
        file.write(data)
        if side:
            file.write(_SIZE.pack(len(side)) + side)

    @staticmethod
    def read(path: Path, time_base: Fraction) -> Iterator[av.Packet]:
        """Yield the packets in decoding order."""
        with open(path, 'rb') as file:
            while head := file.read(_RECORD.size):
                pts, dts, duration, flags, length = _RECORD.unpack(head)
                packet = av.Packet(file.read(length))
                packet.pts, packet.dts, packet.duration, packet.time_base = pts, dts, duration, time_base
                packet.is_keyframe = bool(flags & 1)
                if flags & 2:
                    size = _SIZE.unpack(file.read(_SIZE.size))[0]
                    side = PacketSideData(SIDE_DATA_NUMBER, size)
                    side.update(file.read(size))
                    packet.set_sidedata(side)
                yield packet


class SegmentEncoder:
    """Encodes a part of a video into a ``PacketFile``, which is written atomically.

    Args:
        path: The file.
        spec: Encoder settings.
    """

    def __init__(self, path: Path, spec: VideoSpec) -> None:
        self.path = path
        self.spec = spec
        self._partial = path.with_suffix('.partial')
        self._file = open(self._partial, 'wb')  # noqa: SIM115 (closed by finish and abandon)
        # Never written: it only configures the encoder for the file format.
        self._container = open_media(io.BytesIO(), 'w', format=spec.container)
        self._stream = spec.add_to(self._container)
        self._reformatter = VideoReformatter()
        self.frames = 0

    def write(self, frame: OutputFrame) -> None:
        """Encode a frame."""
        pixels = frame.pixels
        if frame.alpha is not None:
            has_alpha = self.spec.has_alpha
            pixels = (
                np.dstack((pixels, frame.alpha)) if has_alpha else composite(pixels, frame.alpha, self.spec.background)
            )
        picture = picture_of(pixels, self.spec, self._reformatter)
        picture.pts, picture.time_base, picture.duration = frame.pts, self.spec.time_base, frame.duration
        try:
            self._put(self._stream.encode(picture))
        except av.FFmpegError as error:
            height, width = self.spec.size
            raise ValueError(
                f'{self.spec.codec} cannot encode frames of {width}x{height} in {self.spec.pix_fmt} '
                f'({error.strerror}); use another --codec'
            ) from error
        self.frames += 1

    def finish(self) -> None:
        """Flush the encoder and publish the file."""
        self._put(self._stream.encode(None) if self.frames else [])
        self._file.flush()
        os.fsync(self._file.fileno())
        self._close()
        os.replace(self._partial, self.path)

    def abandon(self) -> None:
        """Delete the unfinished file."""
        # On a full disk closing fails too, because it flushes buffered data.
        with contextlib.suppress(OSError):
            self._close()
        self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        # A container and its streams refer to each other. Without an explicit close, the encoders of many segments,
        # with their threads and reference frames, would stay in memory until the garbage collector runs.
        self._container.close()
        self._file.close()

    def _put(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            PacketFile.write(self._file, packet)


def picture_of(pixels: np.ndarray, spec: VideoSpec, reformatter: VideoReformatter) -> av.VideoFrame:
    """Convert (h, w, 3) RGB or (h, w, 4) RGBA, uint8 or uint16, to the colours and the pixel format of ``spec``."""
    kinds = {3: ('rgb24', 'rgb48le'), 4: ('rgba', 'rgba64le')}
    rgb = av.VideoFrame.from_ndarray(pixels, format=kinds[pixels.shape[2]][pixels.dtype == np.uint16])
    color_range, matrix, transfer, primaries = spec.colors
    rgb.colorspace = matrix
    picture = reformatter.reformat(
        rgb, format=spec.pix_fmt, interpolation=ACCURATE, dst_color_range=color_range, threads=1
    )
    picture.colorspace, picture.color_trc, picture.color_primaries = matrix, transfer, primaries
    return picture
