"""ICC profiles: kept where the target holds them, converted to sRGB where it does not."""

import struct
import zlib
from io import BytesIO

import av
import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from videos import Nearest

from vsr_plugins.apis import upscale
from vsr_plugins.inference.job.options import OutputOptions
from vsr_plugins.media.images.color_profiles import _grey_srgb
from vsr_plugins.media.images.image_files import encode_png, read_picture


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


# Columns of the colours of Display P3, adapted to D50.
PRIMARIES = {b'r': (0.5151, 0.2412, -0.0011), b'g': (0.2920, 0.6922, 0.0419), b'b': (0.1571, 0.0666, 0.7841)}
CURVE = b'para' + bytes(4) + struct.pack('>HH', 3, 0) + fixed(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
P3 = profile(
    b'RGB ',
    {
        **TEXT,
        **{name + b'XYZ': b'XYZ ' + bytes(4) + fixed(*value) for name, value in PRIMARIES.items()},
        **{name + b'TRC': CURVE for name in PRIMARIES},
    },
)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()
# A colour of Display P3 and the same in sRGB, by the matrices of both.
WIDE, TRUE = (120, 200, 60), (89, 202, 2)


def images(folder, profiles=(P3, P3), deep=False, **options):
    folder.mkdir()
    for number, content in enumerate(profiles):
        colour = np.full((32, 48, 3), WIDE, np.uint8)
        path = folder / f'{number}.png'
        path.write_bytes(encode_png(colour.astype(np.uint16) * 257 if deep else colour, None, content))
    return folder


def colours(path):
    """Colour in the middle of each frame, and the profile of the file."""
    if path.suffix in ('.mp4', '.mkv'):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            return [frame.to_ndarray(format='rgb24')[30, 40].astype(int) for frame in container.decode(stream)], None
    found = []
    with Image.open(path) as image:
        content = image.info.get('icc_profile')
        for number in range(getattr(image, 'n_frames', 1)):
            image.seek(number)
            found.append(np.asarray(image.convert('RGB'))[30, 40].astype(int))
    return found, content


@pytest.mark.parametrize('target', ['b.mp4', 'b.mkv', 'b.gif', 'b.bmp', 'b.tga', 'b.ppm', 'b.jp2'])
def test_colours_are_those_of_srgb_where_the_target_holds_no_profile(tmp_path, target, caplog):
    folder = images(tmp_path / 'in')
    is_film = target in ('b.mp4', 'b.mkv', 'b.gif')
    upscale(folder if is_film else folder / '0.png', tmp_path / target, Nearest())
    found, content = colours(tmp_path / target)
    assert content is None and not caplog.records
    assert np.abs(np.array(found) - TRUE).max() <= (4 if is_film else 2)


@pytest.mark.parametrize('source', ['in', 'a.png', 'a.webp'])
@pytest.mark.parametrize('target', ['b.apng', 'b.webp', 'b.gif'])
@pytest.mark.parametrize('alpha', [False, True])
def test_animations_keep_the_profile_where_they_can(tmp_path, source, target, alpha):
    if source == 'in':
        images(tmp_path / source)
    else:
        pages = [Image.new('RGBA' if alpha else 'RGB', (48, 32), WIDE + (255 - number,) * alpha) for number in (0, 55)]
        pages[1].putpixel((0, 0), (0,) * (3 + alpha))
        options = {'lossless': True, 'exact': True} if source == 'a.webp' else {}
        pages[0].save(
            tmp_path / source, save_all=True, append_images=pages[1:], duration=100, icc_profile=P3, **options
        )
    upscale(tmp_path / source, tmp_path / target, Nearest())
    found, content = colours(tmp_path / target)
    assert content == (None if target == 'b.gif' else P3)
    assert np.abs(found[0] - (TRUE if target == 'b.gif' else WIDE)).max() <= 4
    with av.open(str(tmp_path / target)) as container:
        assert container.streams.video[0].codec_context.name in ('apng', 'gif', 'webp', 'webp_anim')


def test_a_picture_that_is_the_only_one_of_a_webp_keeps_its_profile(tmp_path):
    upscale(images(tmp_path / 'in', [P3]), tmp_path / 'b.webp', Nearest())
    found, content = colours(tmp_path / 'b.webp')
    assert content == P3 and len(found) == 1 and np.abs(found[0] - WIDE).max() <= 4
    with Image.open(tmp_path / 'b.webp') as image:
        assert image.size == (96, 64)


def test_images_of_several_profiles_have_the_colours_of_the_first(tmp_path):
    upscale(images(tmp_path / 'in', [None, P3, SRGB]), tmp_path / 'b.apng', Nearest())
    found, content = colours(tmp_path / 'b.apng')
    assert content is None
    assert np.abs(np.array(found) - [WIDE, TRUE, WIDE]).max() <= 2
    upscale(images(tmp_path / 'other', [P3, None]), tmp_path / 'c.apng', Nearest())
    found, content = colours(tmp_path / 'c.apng')
    assert content == P3
    back = ImageCms.ImageCmsProfile(BytesIO(P3))
    image = ImageCms.profileToProfile(
        Image.new('RGB', (1, 1), tuple(found[1].tolist())), back, ImageCms.createProfile('sRGB')
    )
    assert np.abs(np.array(image.getpixel((0, 0))) - WIDE).max() <= 2


@pytest.mark.parametrize('target', ['b.mkv', 'b.jp2'])
def test_colours_that_cannot_be_converted_are_warned_about_once(tmp_path, target, caplog):
    folder = images(tmp_path / 'in', deep=True)
    upscale(folder if target == 'b.mkv' else folder / '0.png', tmp_path / target, Nearest())
    lines = [record.getMessage() for record in caplog.records if 'ICC' in record.getMessage()]
    # 16 bits are reduced to 8 before they are converted.
    assert len(lines) == (target == 'b.mkv')
    caplog.clear()
    upscale(images(tmp_path / 'srgb', [SRGB, SRGB], deep=True), tmp_path / 'c.mkv', Nearest())
    assert not [record for record in caplog.records if 'ICC' in record.getMessage()]


def test_images_beside_a_film_keep_their_profile(tmp_path):
    upscale(images(tmp_path / 'in'), tmp_path / 'b.mkv', Nearest(), output=OutputOptions(images=tmp_path / 'png'))
    assert np.abs(np.array(colours(tmp_path / 'b.mkv')[0]) - TRUE).max() <= 4
    found, content = colours(tmp_path / 'png/1.png')
    assert content == P3 and (found[0] == WIDE).all()
