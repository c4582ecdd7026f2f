"""Choose the pixel format of an encoder: as near to the source as it takes, with opacity or without."""

import re

import av
from av.codec.codec import find_best_pix_fmt_of_list

PLANAR = ['yuv420p', 'yuv422p', 'yuv444p', 'yuv420p10le', 'yuv422p10le', 'yuv444p10le']
# Of hardware encoders, some take semi-planar formats only.
YUV = r'yuv4\d\dp(\d+le)?|nv12|p01\dle'
PROBE_SIZE = (64, 64)
# libvpx lists others, and opens none of them.
VP9_ALPHA = 'yuva420p'


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
    best, _ = find_best_pix_fmt_of_list(candidates, source)
    return candidates[0] if best is None else best.name


def with_alpha(pix_fmt: str, formats: list[str]) -> str:
    """Return the format with opacity that is nearest to a YUV format."""
    same = pix_fmt.replace('yuv', 'yuva')
    # An encoder of 4:2:2 may have opacity in 4:4:4 only.
    return same if same in formats else next(name for name in formats if re.match(r'yuva4\d\dp', name))


def has_alpha(pix_fmt: str) -> bool:
    """Whether a pixel format, by FFmpeg's name, holds opacity."""
    return any(component.is_alpha for component in av.VideoFormat(pix_fmt).components)
