"""Encoders by codec, and the option by which each takes a constant quality."""

from dataclasses import dataclass
from functools import partial

# Encoder for each codec of a source, by FFmpeg's names.
ENCODERS = {
    'h264': 'libx264',
    'hevc': 'libx265',
    'vp9': 'libvpx-vp9',
    'av1': 'libsvtav1',
    'ffv1': 'ffv1',
    'prores': 'prores_ks',
}
FALLBACK = 'libx264'
# Codecs that browsers, phones and televisions play, in 4:2:0 only.
FOR_DELIVERY = frozenset(
    ('h264', 'hevc', 'vvc', 'vp8', 'vp9', 'av1', 'mpeg4', 'mpeg1video', 'mpeg2video', 'h263', 'flv1')
)
# Encoders that never return from frames with a side shorter than this, unless both sides fit a block of 64 pixels.
MIN_SIDES = {'libsvtav1': 32}
BLOCK = 64


@dataclass(frozen=True)
class Quality:
    """How an encoder takes a constant quality.

    Attributes:
        default: Visually near lossless value.
        worst: Largest value; 0 is the smallest, unless ``best`` says otherwise.
        names: Options that get the value.
        further: Options that go with it.
        best: Smallest value.
    """

    default: int
    worst: int
    names: tuple[str, ...] = ('crf',)
    further: tuple[tuple[str, str], ...] = ()
    best: int = 0

    def options(self, value: int) -> dict[str, str]:
        """Return the options of the encoder for a quality."""
        return {name: str(value) for name in self.names} | dict(self.further)


_nvenc = partial(Quality, names=('cq',), further=(('b', '0'), ('rc', 'vbr')))
_qsv = partial(Quality, names=('global_quality',), best=1)
_amf = partial(Quality, names=('qp_i', 'qp_p'), further=(('rc', 'cqp'),))
_vaapi = partial(Quality, names=('qp',), further=(('rc_mode', 'CQP'),))
_QSCALE = Quality(2, 31, ('qmin', 'qmax'), best=1)
QUALITIES = {
    'libx264': Quality(17, 51),
    'libx265': Quality(19, 51),
    'libvpx-vp9': Quality(20, 63, further=(('b', '0'), ('row-mt', '1'), ('cpu-used', '4'))),
    'libvpx': Quality(8, 63, further=(('b', '40M'), ('cpu-used', '4')), best=4),
    'libsvtav1': Quality(20, 63),
    'h264_nvenc': _nvenc(17, 51),
    'hevc_nvenc': _nvenc(19, 51),
    'av1_nvenc': _nvenc(20, 63),
    'h264_qsv': _qsv(18, 51),
    'hevc_qsv': _qsv(20, 51),
    'vp9_qsv': _qsv(40, 255),
    'av1_qsv': _qsv(40, 255),
    'h264_amf': _amf(18, 51),
    'hevc_amf': _amf(20, 51),
    'av1_amf': _amf(60, 255),
    'h264_vaapi': _vaapi(18, 52),
    'hevc_vaapi': _vaapi(20, 52),
    'mpeg4': _QSCALE,
    'mpeg2video': _QSCALE,
    'mpeg1video': _QSCALE,
    'mjpeg': _QSCALE,
    'flv': _QSCALE,
    'wmv1': _QSCALE,
    'wmv2': _QSCALE,
    'msmpeg4': _QSCALE,
    'msmpeg4v2': _QSCALE,
    'h263': _QSCALE,
    'h263p': _QSCALE,
}
# What --list-encoders tries: those with a quality, and those that lose little or nothing.
LISTED = (*QUALITIES, 'prores_ks', 'dnxhd', 'cfhd', 'ffv1', 'huffyuv', 'utvideo', 'rawvideo')


def quality_options(codec: str, value: int | None) -> dict[str, str]:
    """Return the options with which an encoder has a constant quality.

    Args:
        codec: Name of the encoder.
        value: The quality; None is visually near lossless, or the encoder's default if it has no constant quality.

    Raises:
        ValueError: If the encoder has no constant quality, or the value is out of its range.
    """
    quality = QUALITIES.get(codec)
    if quality is None:
        if value is None:
            return {}
        raise ValueError(f'{codec} does not support --crf, but got {value}; only {", ".join(QUALITIES)} do')
    if value is None:
        value = quality.default
    if not quality.best <= value <= quality.worst:
        raise ValueError(f'--crf of {codec} must be between {quality.best} and {quality.worst}, but got {value}')
    return quality.options(value)
