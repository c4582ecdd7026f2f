import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from vsr_plugins.media.images.image_files import UnreadableError, probe, read_rgb, read_rgb_deep

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
