"""Encode frames to a video stream: choice of codec and pixel format, colours, times."""

import contextlib
import io
import json
import logging
import os
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.codec.codec import find_best_pix_fmt_of_list
from av.packet import PacketSideData
from av.video.reformatter import VideoReformatter

from ..alpha import composite
from ..chroma_siting import LeftSited
from ..frames import OutputFrame
from ..reading.decoding import ACCURATE, UNSPECIFIED_MATRICES, usual_matrix
from ..reading.readers import ReaderInfo
from ..video_files import open_media
from .encoder_trial import try_encoder, without_reordering
from .encoders import ENCODERS, FALLBACK, FOR_DELIVERY, LISTED, QUALITIES, Quality, quality_options

logger = logging.getLogger(__name__)

# Encoders of containers that do not take the source's codec.
BY_CONTAINER = {'webm': 'libvpx-vp9', 'yuv4mpegpipe': 'rawvideo'}
# Codecs that a transport stream supports but FFmpeg's table of it omits.
MPEGTS_CODECS = {'h264', 'hevc'}
QUIET = {'libx265': {'x265-params': 'log-level=error'}}
# FFmpeg's flag of formats with a variable frame rate; the others have a constant rate.
VARIABLE_RATE = 0x400
# Formats whose times begin at 0, as decoding times of frames, too.
WITHOUT_NEGATIVE_TIMES = ('mpegts', 'flv', 'avi', 'nut')
# A frame between two others is the first that may be stored out of order.
FEWEST_REORDERED = 3
ONE_RATE = ('mpeg1video', 'mpeg2video')
SHORTEST_UNIT = {'mpeg4': Fraction(1, 65535)}
PLANAR = ['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le']
# Of hardware encoders, some take semi-planar formats only.
YUV = r'yuv4\d\dp(\d+le)?|nv12|p01\dle'
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
        options: Options of the encoder, by FFmpeg's names.
        is_centred: Whether readers assume chroma between columns, rather than on even ones.
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
    options: tuple[tuple[str, str], ...] = ()
    is_centred: bool = False
    background: tuple[int, int, int] = (0, 0, 0)

    def add_to(self, container: av.container.OutputContainer) -> av.VideoStream:
        """Add a stream with these settings to a container; equal settings encode identically."""
        options = dict(self.options)
        for name, value in QUIET.get(self.codec, {}).items():
            options[name] = ':'.join((value, options[name])) if name in options else value
        stream = container.add_stream(self.codec, rate=self.rate, options=options)
        stream.height, stream.width = self.size
        stream.pix_fmt = self.pix_fmt
        context = stream.codec_context
        context.time_base = self.time_base
        context.sample_aspect_ratio = self.aspect
        context.color_range, context.colorspace, context.color_trc, context.color_primaries = self.colors
        if self.container in ('mp4', 'mov') and context.codec.canonical_name == 'hevc':
            # Apple's players take no other.
            context.codec_tag = 'hvc1'
        if self.container in WITHOUT_NEGATIVE_TIMES:
            # Frames that are stored before they are shown need a time before 0, and all tracks would be delayed.
            context.max_b_frames = 0
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

    @property
    def container_options(self) -> dict[str, str]:
        """Options of the container that keep what the codec has no field for, such as the colours of FFV1 in .mp4."""
        return {'movflags': 'write_colr'} if self.container in ('mp4', 'mov') else {}

    def to_json(self) -> str:
        """Serialise to text, so that settings can be compared for equality."""
        return json.dumps(asdict(self), default=str, sort_keys=True)


def plan_video(
    path: Path,
    info: ReaderInfo,
    scale: int,
    temporal_scale: int,
    codec: str | None = None,
    crf: int | None = None,
    pix_fmt: str | None = None,
    options: Mapping[str, str] | None = None,
    size: tuple[int, int] | None = None,
) -> VideoSpec:
    """Choose the encoding of a video at ``path``, as close to that of its source as the container allows.

    Args:
        path: Path of the video; its suffix names the container.
        info: The source.
        scale: Spatial upscaling factor.
        temporal_scale: Output frames for each source frame.
        codec: Encoder to use; None keeps the source's codec.
        crf: Constant quality, in the encoder's own numbers; None is near lossless.
        pix_fmt: Pixel format; None is that of the source, or 4:2:0 for codecs of delivery if the source is not YUV.
        options: Further options of the encoder.
        size: (h, w) of a frame; None is ``scale`` times that of the source.

    Raises:
        ValueError: If the container or encoder is unknown, the encoder cannot be opened on this machine, or they do not
            support each other, the frames or an option.
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
    height, width = size or (side * scale for side in info.size)
    formats = [one.name for one in encoder.video_formats or ()]
    if container == 'yuv4mpegpipe':
        formats = PLANAR[:3]
    is_chosen = pix_fmt is not None
    if pix_fmt is None:
        pix_fmt = choose_pix_fmt(info.pix_fmt, formats, (height, width), encoder.canonical_name in FOR_DELIVERY)
    elif formats and pix_fmt not in formats:
        raise ValueError(f'{codec} does not encode pixel format {pix_fmt!r}, but {", ".join(formats)}')
    if info.has_alpha and not is_chosen and _holds_alpha(codec, container):
        pix_fmt = VP9_ALPHA if codec == 'libvpx-vp9' else _with_alpha(pix_fmt, formats)
    elif info.has_alpha and not has_alpha(pix_fmt):
        logger.warning(
            '%s in %s files holds no transparency: the frames are composited over a background; .mov and .webm files '
            'keep it',
            codec,
            path.suffix,
        )
    depths = [av.VideoFormat(name).components[0].bits for name in (info.pix_fmt, pix_fmt)]
    if depths[1] < depths[0]:
        logger.warning('%s supports only %d of the %d bits of the source; try another --codec', codec, *depths[::-1])
    rate = info.rate * temporal_scale
    # Some codecs have a constant rate whatever the container, or no unit of time as short as that of the source.
    is_constant |= codec in ONE_RATE or info.time_base / temporal_scale < SHORTEST_UNIT.get(codec, 0)
    spec = VideoSpec(
        container,
        codec,
        pix_fmt,
        (height, width),
        1 / rate if is_constant else info.time_base / temporal_scale,
        rate,
        is_constant,
        info.colors,
        info.aspect,
        tuple(sorted((quality_options(codec, crf) | dict(options or {})).items())),
    )
    return _as_readers_take_it(spec, tuple(options or ()))


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


def _as_readers_take_it(spec: VideoSpec, options: tuple[str, ...]) -> VideoSpec:
    """Return the settings with the range, matrix and siting of chroma that readers of such a file assume.

    Some codecs have one range only, and some files have no field for a range or a matrix.
    """
    color_range, matrix, *rest = spec.colors
    error = None
    for tried in (color_range, 3 - color_range):
        spec = replace(spec, colors=(tried, matrix, *rest))
        grey = np.full((*spec.size, 3), 128, np.uint8)
        try:
            found = try_encoder(spec, picture_of(grey, spec, VideoReformatter()), options)
        except av.FFmpegError as failure:
            error = error or failure
            continue
        if found is None:
            return spec
        stated = usual_matrix(*spec.size) if found.matrix in UNSPECIFIED_MATRICES else found.matrix
        return replace(spec, colors=(found.color_range, stated, *rest), is_centred=found.is_centred)
    height, width = spec.size
    raise ValueError(
        f'{spec.codec} cannot encode {width}x{height} in {spec.pix_fmt} on this machine ({error.strerror}); use another'
        ' --codec: --list-encoders prints those that this machine can open'
    ) from error


def list_encoders() -> list[tuple[str, str, Quality | None]]:
    """Return the encoders that this machine can open: name, codec, and how it takes a constant quality."""
    size, found = (256, 256), []
    for codec in LISTED:
        try:
            encoder = av.Codec(codec, 'w')
            pix_fmt = choose_pix_fmt('yuv420p', [one.name for one in encoder.video_formats or ()], size)
            options = tuple(quality_options(codec, None).items())
            spec = VideoSpec(
                'nut', codec, pix_fmt, size, Fraction(1, 25), Fraction(25), False, (1, 1, 1, 1), Fraction(1), options
            )
            _as_readers_take_it(spec, ())
        except (ValueError, av.FFmpegError):  # not built in, or no such device
            continue
        found.append((codec, encoder.canonical_name, QUALITIES.get(codec)))
    return found


def choose_pix_fmt(source: str, formats: list[str], size: tuple[int, int], for_delivery: bool = False) -> str:
    """Choose the planar YUV format that equals the source's pixel format or loses least of it.

    Browsers and phones play 4:2:0 only; codecs for them get it if the source is not YUV itself.

    Along an odd side chroma cannot be halved without losing a row of pixels; such formats are excluded.

    Args:
        source: Pixel format of the source.
        formats: Formats that the encoder supports; empty for any.
        size: (h, w) of the output.
        for_delivery: Whether the codec is one that browsers and phones play.

    Raises:
        ValueError: If no format fits.
    """

    def bits_of(name: str) -> int:
        return av.VideoFormat(name).components[0].bits

    def is_fit(name: str) -> bool:
        found = av.VideoFormat(name, *PROBE_SIZE)
        if not re.fullmatch(YUV, name):
            return False
        chroma = found.components[1]
        return not (size[1] % 2 and chroma.width < PROBE_SIZE[0]) and not (
            size[0] % 2 and chroma.height < PROBE_SIZE[1]
        )

    candidates = [name for name in formats or PLANAR if is_fit(name)]
    if not candidates:
        raise ValueError(f'the encoder supports no pixel format for frames of {size[1]}x{size[0]}; use another --codec')
    if for_delivery and not re.match('yuv', source):
        bits = av.VideoFormat(source).components[0].bits
        halved = [name for name in candidates if re.match('yuv420p|nv12|p01', name)]
        # The fewest bits that hold those of the source.
        halved.sort(key=lambda name: (bits_of(name) < bits, abs(bits_of(name) - bits)))
        candidates = halved[:1] or candidates
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
        return codec in known or av.Codec(codec, 'w').canonical_name in known
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
        self._reformatter, self._left_sited = VideoReformatter(), LeftSited()
        self.frames = 0

    def write(self, frame: OutputFrame) -> None:
        """Encode a frame."""
        pixels = frame.pixels
        if frame.alpha is not None:
            has_alpha = self.spec.has_alpha
            pixels = (
                np.dstack((pixels, frame.alpha)) if has_alpha else composite(pixels, frame.alpha, self.spec.background)
            )
        picture = picture_of(pixels, self.spec, self._reformatter, self._left_sited)
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
        last = self._stream.encode(None) if self.frames else []
        self._put(without_reordering(last) if self.frames < FEWEST_REORDERED else last)
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


def picture_of(
    pixels: np.ndarray, spec: VideoSpec, reformatter: VideoReformatter, left_sited: LeftSited | None = None
) -> av.VideoFrame:
    """Convert (h, w, 3) RGB or (h, w, 4) RGBA, uint8 or uint16, to the colours and the pixel format of ``spec``."""
    kinds = {3: ('rgb24', 'rgb48le'), 4: ('rgba', 'rgba64le')}
    rgb = av.VideoFrame.from_ndarray(pixels, format=kinds[pixels.shape[2]][pixels.dtype == np.uint16])
    color_range, matrix, transfer, primaries = spec.colors
    rgb.colorspace = matrix
    if left_sited is not None and not spec.is_centred:
        # The converted frame inherits the mark, and its chroma is put there.
        rgb = left_sited(rgb)
    picture = reformatter.reformat(
        rgb, format=spec.pix_fmt, interpolation=ACCURATE, dst_color_range=color_range, threads=1
    )
    picture.colorspace, picture.color_trc, picture.color_primaries = matrix, transfer, primaries
    return picture
