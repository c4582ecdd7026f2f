"""Plan the encoding of a video: container, encoder, pixel format and colours, as close to its source as possible."""

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from ..reading.decoding import UNSPECIFIED_MATRICES, usual_matrix
from ..reading.reader_info import ReaderInfo
from ..stereo import holds_stereo, stereo_options
from .containers import Format, format_of
from .encoder_trial import try_encoder
from .encoders import (
    BLOCK,
    ENCODERS,
    FALLBACK,
    FOR_DELIVERY,
    LISTED,
    MIN_SIDES,
    QUALITIES,
    Quality,
    quality_options,
)
from .pixel_formats import PLANAR, VP9_ALPHA, choose_pix_fmt, has_alpha, with_alpha
from .segments import picture_of
from .video_spec import VideoSpec

logger = logging.getLogger(__name__)

ONE_RATE = ('mpeg1video', 'mpeg2video')
SHORTEST_UNIT = {'mpeg4': Fraction(1, 65535)}


@dataclass(frozen=True)
class EncoderChoice:
    """What a user chooses of an encoding; the rest follows the source.

    Attributes:
        codec: Encoder; None keeps the source's codec.
        crf: Constant quality, in the encoder's own numbers; None is near lossless.
        pix_fmt: Pixel format; None is that of the source, or 4:2:0 for codecs of delivery if the source is not YUV.
        options: Further options of the encoder.
    """

    codec: str | None = None
    crf: int | None = None
    pix_fmt: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def plan_video(
    path: Path,
    info: ReaderInfo,
    scale: int,
    temporal_scale: int,
    choice: EncoderChoice,
    size: tuple[int, int] | None = None,
) -> VideoSpec:
    """Choose the encoding of a video at ``path``, as close to that of its source as the container allows.

    Args:
        path: Path of the video; its suffix names the container.
        info: The source.
        scale: Spatial upscaling factor.
        temporal_scale: Output frames for each source frame.
        choice: What is not that of the source.
        size: (h, w) of a frame; None is ``scale`` times that of the source.

    Raises:
        ValueError: If the container or encoder is unknown, the encoder cannot be opened on this machine, or they do not
            support each other, the frames or an option.
    """
    try:
        file_format = format_of(path.suffix)
    except ValueError as error:
        raise ValueError(
            f'{path}: no video can be written with the suffix {path.suffix!r}; use .mp4, .mkv, .webm or .mov'
        ) from error
    encoder = _encoder(choice.codec or _default_encoder(file_format, info), path.suffix, file_format)
    codec = encoder.name
    height, width = size or (side * scale for side in info.size)
    pix_fmt = _pix_fmt(encoder, file_format, info, choice.pix_fmt, (height, width))
    if info.has_alpha and not has_alpha(pix_fmt):
        logger.warning(
            '%s in %s files holds no transparency: the frames are composited over a background; .mov and .webm files '
            'keep it',
            codec,
            path.suffix,
        )
    depths = [av.VideoFormat(name).components[0].bits for name in (info.pix_fmt, pix_fmt)]
    if depths[1] < depths[0]:
        logger.warning('%s supports only %d of the %d bits of the source; try another --codec', codec, *depths[::-1])
    rate, time_base = info.rate * temporal_scale, info.time_base / temporal_scale
    # Some codecs have a constant rate whatever the container, or no unit of time as short as that of the source.
    is_constant = file_format.is_constant or codec in ONE_RATE or time_base < SHORTEST_UNIT.get(codec, 0)
    spec = VideoSpec(
        container=file_format.name,
        codec=codec,
        pix_fmt=pix_fmt,
        size=(height, width),
        time_base=1 / rate if is_constant else time_base,
        rate=rate,
        is_constant=is_constant,
        colors=info.colors,
        aspect=info.aspect,
        options=tuple(sorted((quality_options(codec, choice.crf) | dict(choice.options)).items())),
        stereo=info.stereo,
    )
    if info.stereo and not (holds_stereo(spec.container, info.stereo) or stereo_options(codec, info.stereo)):
        logger.warning(
            '%s in %s files does not state that this is a stereo film (%s): choose that in the player, or use .mkv',
            *(codec, path.suffix, info.stereo),
        )
    return _as_readers_take_it(spec, tuple(choice.options))


def _encoder(name: str, suffix: str, file_format: Format) -> av.Codec:
    """An encoder of videos that a container takes."""
    try:
        encoder = av.Codec(name, 'w')
    except ValueError as error:
        raise ValueError(f'encoder {name!r} is unknown; use for example {", ".join(ENCODERS.values())}') from error
    if encoder.type != 'video':
        raise ValueError(f'{name} is not a video encoder; use for example {", ".join(ENCODERS.values())}')
    if not file_format.takes(name):
        fitting = [one for one in LISTED if file_format.takes(one)]
        advice = f'use --codec {" or ".join(fitting)}, or' if fitting else 'use'
        raise ValueError(f'{suffix} files do not support {name}; {advice} another suffix')
    return encoder


def _pix_fmt(
    encoder: av.Codec, file_format: Format, info: ReaderInfo, chosen: str | None, size: tuple[int, int]
) -> str:
    """The pixel format that was chosen, or that which keeps most of the source."""
    formats = [one.name for one in encoder.video_formats or ()]
    if file_format.name == 'yuv4mpegpipe':
        formats = PLANAR[:3]
    if chosen is not None:
        if formats and chosen not in formats:
            raise ValueError(f'{encoder.name} does not encode pixel format {chosen!r}, but {", ".join(formats)}')
        return chosen
    pix_fmt = choose_pix_fmt(info.pix_fmt, formats, size, encoder.canonical_name in FOR_DELIVERY)
    if info.has_alpha and _holds_alpha(encoder.name, file_format.name):
        return VP9_ALPHA if encoder.name == 'libvpx-vp9' else with_alpha(pix_fmt, formats)
    return pix_fmt


def can_write(suffix: str) -> bool:
    """Whether a file of this suffix, such as ``.mp4``, can hold a video of any source without a choice of encoder."""
    try:
        file_format = format_of(suffix)
    except ValueError:
        return False
    return file_format.takes(file_format.container.encoder or FALLBACK)


def can_keep(suffix: str) -> bool:
    """Whether videos of this suffix stay so: it can be written, and states times."""
    return can_write(suffix) and format_of(suffix).has_times


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


def _default_encoder(file_format: Format, info: ReaderInfo) -> str:
    """The encoder of the source's codec, unless the container has its own or does not take it."""
    container = file_format.container
    codec = container.encoder or ENCODERS.get(info.codec or '', FALLBACK)
    if not file_format.takes(codec):
        codec = FALLBACK
    if file_format.name == 'webm' and info.codec == 'av1':
        codec = ENCODERS['av1']
    if info.has_alpha and container.alpha_encoder and not _holds_alpha(codec, file_format.name):
        codec = container.alpha_encoder
    return codec


def _holds_alpha(codec: str, container: str) -> bool:
    """Whether an encoder writes opacity into a container."""
    formats = [one.name for one in av.Codec(codec, 'w').video_formats or ()]
    is_vp9 = codec == 'libvpx-vp9'
    return any(map(has_alpha, formats)) and (not is_vp9 or container in ('webm', 'matroska'))


def _as_readers_take_it(spec: VideoSpec, options: tuple[str, ...]) -> VideoSpec:
    """Return the settings with the range, matrix and siting of chroma that readers of such a file assume.

    Some codecs have one range only, and some files have no field for a range or a matrix.
    """
    shortest = MIN_SIDES.get(spec.codec, 1)
    if min(spec.size) < shortest and max(spec.size) > BLOCK:
        height, width = spec.size
        raise ValueError(
            f'{spec.codec} hangs on frames with a side below {shortest} pixels, but got {width}x{height}; use another'
            ' --codec'
        )
    color_range, matrix, *rest = spec.colors
    failures = []
    for tried in (color_range, 3 - color_range):
        spec = replace(spec, colors=(tried, matrix, *rest))
        try:
            found = try_encoder(spec, _grey(spec), options)
        except av.FFmpegError as failure:
            failures.append(failure)
            continue
        if found is None:
            return spec
        stated = usual_matrix(*spec.size) if found.matrix in UNSPECIFIED_MATRICES else found.matrix
        return replace(spec, colors=(found.color_range, stated, *rest), is_centred=found.is_centred)
    (height, width), error = spec.size, failures[0]
    if refused := _refused_options(spec, options):
        raise ValueError(f'{spec.codec} does not take {refused} ({error.strerror})') from error
    raise ValueError(
        f'{spec.codec} cannot encode {width}x{height} in {spec.pix_fmt} on this machine ({error.strerror}); use another'
        ' --codec: --list-encoders prints those that this machine can open'
    ) from error


def _grey(spec: VideoSpec) -> av.VideoFrame:
    return picture_of(np.full((*spec.size, 3), 128, np.uint8), spec, VideoReformatter())


def _refused_options(spec: VideoSpec, names: tuple[str, ...]) -> str:
    """Return the options, as ``name=value``, with which an encoder cannot be opened; '' if it cannot without them."""

    def opens(*kept: str) -> bool:
        options = tuple(option for option in spec.options if option[0] not in names or option[0] in kept)
        for color_range in (1, 2):
            tried = replace(spec, options=options, colors=(color_range, *spec.colors[1:]))
            with contextlib.suppress(av.FFmpegError):
                try_encoder(tried, _grey(tried))
                return True
        return False

    if not opens():
        return ''
    refused = [name for name in names if not opens(name)] or names
    return ' '.join(f'{name}={dict(spec.options)[name]}' for name in refused)
