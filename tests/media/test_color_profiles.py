"""ICC profiles: kept where the target holds them, converted to sRGB where it does not."""

import struct
import zlib
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms

from vsr_plugins.media.images.color_profiles import _grey_srgb
from vsr_plugins.media.images.image_files import read_picture


def profile(kind, tags):
    """An ICC profile (ICC.1:2001-04) of the tags, which a display with D50 as its white has."""
    table, data = struct.pack('>I', len(tags)), b''
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += struct.pack('>4sII', name, 132 + 12 * len(tags) + len(data), len(content))
        data += content
    header = bytearray(128)
    header[:24] = struct.pack('>I4sI4s4s4s', 128 + len(table + data), b'', 0x02400000, b'mntr', kind, b'XYZ ')
    header[36:40] = b'acsp'
    header[68:80] = fixed(0.9642, 1, 0.8249)
    return bytes(header) + table + data


def fixed(*values):
    return struct.pack(f'>{len(values)}i', *(round(value * 65536) for value in values))


TEXT = {
    b'desc': b'desc' + bytes(4) + struct.pack('>I', 5) + b'test\0' + bytes(78),
    b'cprt': b'text' + bytes(4) + b'none\0',
    b'wtpt': b'XYZ ' + bytes(4) + fixed(0.9642, 1, 0.8249),
}


def grey_profile(gamma):
    return profile(b'GRAY', {**TEXT, b'kTRC': b'curv' + bytes(4) + struct.pack('>IH', 1, round(gamma * 256))})


def srgb_of(linear):
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def with_profile(png, content):
    chunk = b'iCCP' + b'p\0\0' + zlib.compress(content)
    return png[:33] + struct.pack('>I', len(chunk) - 4) + chunk + struct.pack('>I', zlib.crc32(chunk)) + png[33:]


@pytest.mark.parametrize('gamma', [1.0, 1.8])
@pytest.mark.parametrize('name', ['l', 'la', 'l16', 'la16', 'trns'])
def test_a_profile_of_grey_is_applied_at_every_depth_with_and_without_opacity(tmp_path, name, gamma):
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None], 16, 0)
    alpha, deep = np.full_like(ramp, 200), name.endswith('16')
    path = tmp_path / 'a.png'
    if deep:
        ramp = np.repeat(np.arange(0, 65536, 64, dtype=np.uint16)[None], 16, 0)
        image = ramp if name == 'l16' else np.dstack([ramp] * 3 + [np.full_like(ramp, 51400)])
        # Neither library writes grey and opacity of 16 bits.
        png = cv2.imencode('.png', image)[1].tobytes()
    else:
        image = Image.fromarray(ramp) if name != 'la' else Image.merge('LA', [*map(Image.fromarray, (ramp, alpha))])
        file = BytesIO()
        image.save(file, 'PNG', **({'transparency': 255} if name == 'trns' else {}))
        png = file.getvalue()
    path.write_bytes(with_profile(png, grey_profile(gamma)))
    picture = read_picture(path)
    most = 65535 if deep else 255
    expected = srgb_of((ramp / most) ** (round(gamma * 256) / 256)) * most
    assert picture.pixels.dtype == ramp.dtype and picture.icc_profile is None
    assert np.abs(picture.pixels - expected[..., None]).max() <= 1
    assert (picture.alpha is None) == (name in ('l', 'l16'))
    if name in ('la', 'la16'):
        assert (picture.alpha == (51400 if deep else 200)).all()


def test_the_profile_of_grey_has_the_curve_of_srgb():
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    own = ImageCms.ImageCmsProfile(BytesIO(_grey_srgb()))
    found = ImageCms.profileToProfile(ramp, own, ImageCms.createProfile('sRGB'), outputMode='RGB')
    assert np.abs(np.asarray(found)[..., 1].astype(int) - np.arange(256)).max() <= 1
