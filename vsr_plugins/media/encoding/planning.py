"""Plan the encoding of a video: container, encoder, pixel format and colours, as close to its source as possible."""

import io
import logging
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from ..reading.decoding import UNSPECIFIED_MATRICES, usual_matrix
from ..reading.reader_info import ReaderInfo
from ..video_files import open_media
from .encoder_trial import try_encoder
from .encoders import ENCODERS, FALLBACK, FOR_DELIVERY, LISTED, QUALITIES, Quality, quality_options
from .pixel_formats import PLANAR, VP9_ALPHA, choose_pix_fmt, has_alpha, with_alpha
from .segments import picture_of
from .video_spec import VideoSpec

logger = logging.getLogger(__name__)

# Encoders of containers that do not take the source's codec.
BY_CONTAINER = {'webm': 'libvpx-vp9', 'yuv4mpegpipe': 'rawvideo'}
# Codecs that a transport stream supports but FFmpeg's table of it omits.
MPEGTS_CODECS = {'h264', 'hevc'}
# FFmpeg's flag of formats with a variable frame rate; the others have a constant rate.
VARIABLE_RATE = 0x400
ONE_RATE = ('mpeg1video', 'mpeg2video')
SHORTEST_UNIT = {'mpeg4': Fraction(1, 65535)}
# Encoder with opacity of containers that have one, for sources whose own codec has none.
WITH_ALPHA = {'mov': 'prores_ks', 'webm': 'libvpx-vp9', 'matroska': 'ffv1'}


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
        codec = BY_CONTAINER.get(container) or ENCODERS.get(info.codec or '', FALLBACK)
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
        pix_fmt = VP9_ALPHA if codec == 'libvpx-vp9' else with_alpha(pix_fmt, formats)
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


def _holds_alpha(codec: str, container: str) -> bool:
    """Whether an encoder writes opacity into a container."""
    formats = [one.name for one in av.Codec(codec, 'w').video_formats or ()]
    is_vp9 = codec == 'libvpx-vp9'
    return any(map(has_alpha, formats)) and (not is_vp9 or container in ('webm', 'matroska'))


def _as_readers_take_it(spec: VideoSpec, options: tuple[str, ...]) -> VideoSpec:
    """Return the settings with the range, matrix and siting of chroma that readers of such a file assume.

    Some codecs have one range only, and some files have no field for a range or a matrix.
    """
    color_range, matrix, *rest = spec.colors
    failures = []
    for tried in (color_range, 3 - color_range):
        spec = replace(spec, colors=(tried, matrix, *rest))
        grey = np.full((*spec.size, 3), 128, np.uint8)
        try:
            found = try_encoder(spec, picture_of(grey, spec, VideoReformatter()), options)
        except av.FFmpegError as failure:
            failures.append(failure)
            continue
        if found is None:
            return spec
        stated = usual_matrix(*spec.size) if found.matrix in UNSPECIFIED_MATRICES else found.matrix
        return replace(spec, colors=(found.color_range, stated, *rest), is_centred=found.is_centred)
    (height, width), error = spec.size, failures[0]
    raise ValueError(
        f'{spec.codec} cannot encode {width}x{height} in {spec.pix_fmt} on this machine ({error.strerror}); use another'
        ' --codec: --list-encoders prints those that this machine can open'
    ) from error


def _format_of(path: Path) -> str:
    names = {'.mkv': 'matroska', '.y4m': 'yuv4mpegpipe', '.m4v': 'mp4', '.ts': 'mpegts', '.m2ts': 'mpegts'}
    return names.get(path.suffix.lower(), path.suffix.lower().lstrip('.'))


def _is_supported(codec: str, known: set[str]) -> bool:
    try:
        return codec in known or av.Codec(codec, 'w').canonical_name in known
    except ValueError:
        return False
