import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from vsr_plugins.media.images.image_files import UnreadableError, probe, read_picture, read_rgb, read_rgb_deep

DEEP = np.random.default_rng(0).integers(0, 65536, (64, 80, 3), np.uint16)
SHALLOW = (DEEP >> 8).astype(np.uint8)


def write(path, pixels):
    """Write RGB or grey, lossless for 8 bits."""
    if path.suffix == '.jp2' and pixels.dtype == np.uint8:
        Image.fromarray(pixels).save(path)
    elif path.suffix == '.tif':
        tifffile.imwrite(path, pixels, photometric='rgb' if pixels.ndim == 3 else 'minisblack')
    else:
        assert cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
    return path


@pytest.mark.parametrize('name', ['a.png', 'a.tif', 'a.ppm', 'a.jp2'])
def test_colours_of_sixteen_bits_are_refused_and_not_truncated(tmp_path, name):
    grey = f'grey-{name}'.replace('ppm', 'pgm')
    for path in (write(tmp_path / name, DEEP), write(tmp_path / grey, DEEP[..., 0])):
        for read in (read_rgb, probe):
            with pytest.raises(UnreadableError, match=f'{path.name}.*16.* -depth 8 '):
                read(path)
    path = write(tmp_path / f'eight-{name}', SHALLOW)
    assert probe(path).size == (64, 80)
    assert np.array_equal(read_rgb(path), SHALLOW)


def test_sixteen_bits_with_transparency_are_refused(tmp_path):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.dstack((DEEP, DEEP[..., 0])))
    with pytest.raises(UnreadableError, match='16 bits'):
        read_rgb(path)


def test_read_rgb_deep_keeps_sixteen_bits(tmp_path):
    for name in ('a.png', 'a.tif'):
        assert np.array_equal(read_rgb_deep(write(tmp_path / name, DEEP)), DEEP)


def chunk(kind, content):
    body = kind + content
    return len(content).to_bytes(4, 'big') + body + zlib.crc32(body).to_bytes(4, 'big')


def with_chunk(path, pixels, kind, content):
    """Write a PNG with a further chunk after its header."""
    png = cv2.imencode('.png', pixels)[1].tobytes()
    path.write_bytes(png[:33] + chunk(kind, content) + png[33:])
    return path


def stored(pixels, orientation):
    """The pixels as a camera stores them that writes this orientation, by EXIF 2.32, table 6."""
    side = {
        1: ('top', 'left'),
        2: ('top', 'right'),
        3: ('bottom', 'right'),
        4: ('bottom', 'left'),
        5: ('left', 'top'),
        6: ('right', 'top'),
        7: ('right', 'bottom'),
        8: ('left', 'bottom'),
    }[orientation]
    h, w = pixels.shape[:2]
    row_of = {'top': range(h), 'bottom': range(h)[::-1], 'left': range(w), 'right': range(w)[::-1]}
    is_turned = side[0] in ('left', 'right')
    return np.array([[pixels[(b, a) if is_turned else (a, b)] for b in row_of[side[1]]] for a in row_of[side[0]]])


@pytest.mark.parametrize('orientation', range(1, 9))
def test_colours_and_opacity_of_sixteen_bits_are_upright(tmp_path, orientation):
    upright = np.dstack((DEEP, DEEP[::-1, :, 0]))
    raw = stored(upright, orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    png = with_chunk(tmp_path / 'a.png', raw[..., [2, 1, 0, 3]], b'eXIf', exif.tobytes()[6:])
    files = [png]
    for bigtiff, byteorder in ((False, '<'), (False, '>'), (True, '<')):
        files.append(tmp_path / f'{len(files)}.tif')
        tags = [(0x0112, 3, 1, orientation, True)]
        kind = dict(photometric='rgb', extrasamples=['unassalpha'], bigtiff=bigtiff, byteorder=byteorder)
        tifffile.imwrite(files[-1], raw, extratags=tags, **kind)
    for path in files:
        picture = read_picture(path)
        assert np.array_equal(picture.pixels, DEEP) and np.array_equal(picture.alpha, upright[..., 3])
        assert probe(path, any_depth=True).size == (64, 80)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
@pytest.mark.parametrize('orientation', [1, 6])
def test_a_grey_tiff_is_upright(tmp_path, orientation, dtype):
    grey = DEEP[..., 0] if dtype == np.uint16 else SHALLOW[..., 0]
    Image.fromarray(stored(grey, orientation)).save(tmp_path / 'a.tif', tiffinfo={274: orientation})
    assert np.array_equal(read_picture(tmp_path / 'a.tif').pixels[..., 1], grey)
    assert probe(tmp_path / 'a.tif', any_depth=True).size == (64, 80)


def test_one_colour_of_sixteen_bits_is_transparent(tmp_path):
    grey = DEEP[..., 0] // 2
    grey[:10] = 50000
    picture = read_picture(with_chunk(tmp_path / 'a.png', grey, b'tRNS', (50000).to_bytes(2, 'big')))
    assert (picture.alpha[:10] == 0).all() and (picture.alpha[10:] == 65535).all()
    assert np.array_equal(picture.pixels[..., 0], grey)
    colour = np.dstack([grey] * 3)
    picture = read_picture(with_chunk(tmp_path / 'b.png', colour, b'tRNS', (50000).to_bytes(2, 'big') * 3))
    assert (picture.alpha[:10] == 0).all() and (picture.alpha[10:] == 65535).all()


def test_fewer_bits_than_eight(tmp_path):
    pattern = SHALLOW[..., 0] > 127
    expected = np.repeat(pattern[..., None] * np.uint8(255), 3, axis=2)
    for name in ('a.png', 'a.tif', 'a.ppm'):
        Image.fromarray(pattern).save(tmp_path / name)
        assert np.array_equal(read_rgb(tmp_path / name), expected)


def test_the_header_of_a_ppm_may_hold_comments(tmp_path):
    path = tmp_path / 'a.ppm'
    path.write_bytes(b'P6 # 1 2 3\n1\n# 1\n1 #' + 9000 * b' 7' + b'\n 1023\n' + 3 * b'\x03\xff')
    with pytest.raises(UnreadableError, match='10 bits'):
        read_rgb(path)
    path.write_bytes(b'P6\n#\n1 1 255\n#\n ')
    assert read_rgb(path).tolist() == [[[35, 10, 32]]]
