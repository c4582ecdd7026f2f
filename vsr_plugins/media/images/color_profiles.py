"""Convert pixels from the colours of an ICC profile to sRGB."""

import struct
from functools import cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageCms

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
