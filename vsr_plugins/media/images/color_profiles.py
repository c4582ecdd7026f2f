"""ICC profiles: colours converted from one to another, and profiles embedded in files."""

import struct
import zlib
from functools import cache, lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from .pillow_plugins import PILLOW_PLUGINS

# Suffixes of images and animations that hold a profile.
WITH_PROFILE = frozenset(('.png', '.apng', '.jpg', '.jpeg', '.webp', '.tif', '.tiff', '.avif', *PILLOW_PLUGINS))
# Colours that differ by no more levels of 8 bits are the same: the conversion of sRGB to itself rounds.
SAME = 1
# What Pillow raises at a profile that is damaged, or of another kind of colours than the pixels.
PROFILE_ERRORS = (ImageCms.PyCMSError, OSError, ValueError)
# Otherwise tables replace curves, which are coarse near black. It is slow, and used for each level of grey once.
EXACT = ImageCms.Flags.NOOPTIMIZE
_GREY_MODES = {'1': 'L', 'LA': 'L', 'PA': 'P'}


def rgb_by_profile(image: Image.Image, profile: bytes) -> np.ndarray | None:
    """Convert an image of any colours, with or without opacity, to sRGB without opacity.

    Returns:
        (h, w, 3) uint8; None if the profile is not for the colours of the image.
    """
    try:
        colours = image.convert('LA') if image.mode == 'La' else image
        colours = colours.convert(_GREY_MODES.get(colours.mode, colours.mode))
        own, srgb = ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile('sRGB')
        if colours.mode != 'L':
            return np.asarray(ImageCms.profileToProfile(colours, own, srgb, outputMode='RGB'))
        levels = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
        converted = ImageCms.profileToProfile(levels, own, srgb, outputMode='RGB', flags=EXACT)
        return np.asarray(converted)[0][np.asarray(colours)]
    except PROFILE_ERRORS:
        return None


def grey_by_profile(grey: np.ndarray, profile: bytes) -> np.ndarray:
    """Convert grey, (h, w) uint16, to the curve of sRGB; unchanged if the profile is not for grey."""
    try:
        own, srgb = (ImageCms.ImageCmsProfile(BytesIO(one)) for one in (profile, _grey_srgb()))
        levels = Image.fromarray(np.arange(65536, dtype=np.uint16)[None])
        converted = ImageCms.profileToProfile(levels, own, srgb, outputMode='I;16', flags=EXACT)
        return np.asarray(converted)[0][grey]
    except PROFILE_ERRORS:
        return grey


def convert_rgb(pixels: np.ndarray, profile: bytes | None, target: bytes | None = None) -> np.ndarray | None:
    """Convert RGB from the colours of one profile to those of another.

    Args:
        pixels: (h, w, 3), uint8 or uint16.
        profile: Their profile; None is sRGB.
        target: The other profile; None is sRGB.

    Returns:
        (h, w, 3) of the same type; None if a profile is damaged, or if other colours of 16 bits are meant, which Pillow
        does not convert.
    """
    if profile == target:
        return pixels
    try:
        transform = _transform(profile, target)
        if transform is None:
            return pixels
        if pixels.dtype != np.uint8:
            return None
        return np.asarray(ImageCms.applyTransform(Image.fromarray(pixels), transform))
    except PROFILE_ERRORS:
        return None


@lru_cache(maxsize=16)
def _transform(profile: bytes | None, target: bytes | None) -> ImageCms.ImageCmsTransform | None:
    """Return the conversion between two profiles of RGB; None if their colours are the same."""
    srgb = ImageCms.createProfile('sRGB')
    source, goal = (srgb if one is None else ImageCms.ImageCmsProfile(BytesIO(one)) for one in (profile, target))
    transform = ImageCms.buildTransform(source, goal, 'RGB', 'RGB')
    colours = np.stack(np.meshgrid(*[np.linspace(0, 255, 9).round().astype(np.uint8)] * 3), -1).reshape(27, 27, 3)
    converted = np.asarray(ImageCms.applyTransform(Image.fromarray(colours), transform))
    return None if np.abs(converted.astype(int) - colours).max() <= SAME else transform


def embed_profile(path: Path, profile: bytes, size: tuple[int, int], has_alpha: bool) -> None:
    """Embed a profile in an animated PNG or WebP that has none.

    Args:
        path: The file.
        profile: The profile.
        size: (h, w) of its pictures.
        has_alpha: Whether they may be transparent.
    """
    content = path.read_bytes()
    is_webp = content[:4] == b'RIFF'
    path.write_bytes(_in_webp(content, profile, size, has_alpha) if is_webp else embed_in_png(content, profile))


def embed_in_png(png: bytes, profile: bytes) -> bytes:
    """Return the content of a PNG with a profile in a chunk behind its header of 33 bytes."""
    content = b'iCCP' + b'ICC profile\0\0' + zlib.compress(profile)
    chunk = len(content[4:]).to_bytes(4, 'big') + content + zlib.crc32(content).to_bytes(4, 'big')
    return png[:33] + chunk + png[33:]


def _in_webp(webp: bytes, profile: bytes, size: tuple[int, int], has_alpha: bool) -> bytes:
    """Return the content of a WebP with a profile, behind a chunk of its features (RFC 9649, 2.7)."""
    features, rest = webp[20:30], webp[30:]
    if webp[12:16] != b'VP8X':
        features = bytes((0x10 * has_alpha, 0, 0, 0)) + b''.join(
            (side - 1).to_bytes(3, 'little') for side in size[::-1]
        )
        rest = webp[12:]
    body = b'WEBP'
    for name, content in ((b'VP8X', bytes((features[0] | 0x20,)) + features[1:]), (b'ICCP', profile)):
        body += name + len(content).to_bytes(4, 'little') + content + bytes(len(content) % 2)
    return b'RIFF' + len(body + rest).to_bytes(4, 'little') + body + rest


@cache
def _grey_srgb() -> bytes:
    """An ICC profile of grey with the curve of sRGB, which Pillow cannot create (ICC.1:2022, 7.2, 8.4 and 10.18)."""

    def numbers(*values: float) -> bytes:
        return struct.pack(f'>{len(values)}i', *(round(value * 65536) for value in values))

    white = numbers(0.9642, 1, 0.8249)
    curve = numbers(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
    text = struct.pack('>II2s2sII', 1, 12, b'en', b'US', 8, 28) + 'grey'.encode('utf-16-be')
    tags = {
        b'desc': b'mluc' + bytes(4) + text,
        b'cprt': b'mluc' + bytes(4) + text,
        b'wtpt': b'XYZ ' + bytes(4) + white,
        b'kTRC': b'para' + bytes(4) + struct.pack('>HH', 3, 0) + curve,
    }
    table, data = struct.pack('>I', len(tags)), b''
    for name, content in tags.items():
        table += struct.pack('>4sII', name, 128 + 4 + 12 * len(tags) + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    kinds = 0x04400000, b'mntr', b'GRAY', b'XYZ ', b'', b'acsp'
    header = struct.pack('>I4sI4s4s4s12s4s', 128 + len(table + data), b'', *kinds) + bytes(28) + white
    return header.ljust(128, b'\0') + table + data
