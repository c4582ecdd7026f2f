"""Folders of images: names, colours, kinds of files, and what is checked before the first is enlarged."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms
from videos import Between, Nearest, gradient, grey_frames

from vsr_plugins.apis import upscale
from vsr_plugins.inference.job.options import JobOptions, Naming, OutputOptions, SourceOptions
from vsr_plugins.media.images.image_encoding import encode_image
from vsr_plugins.media.images.image_files import UnreadableError, encode_png, read_picture
from vsr_plugins.media.images.pillow_plugins import PILLOW_PLUGINS

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes()


class Unused(Nearest):
    def forward(self, lqs):
        raise AssertionError('a frame was enlarged')


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


def write(folder, names, frames=None):
    folder.mkdir(exist_ok=True)
    for name, frame in zip(names, frames or grey_frames(len(names)), strict=True):
        Image.fromarray(frame).save(folder / name)
    return folder


def test_names_are_kept(tmp_path):
    folder = write(tmp_path / 'in', ['f000.png', 'f001.jpg', 'f003.bmp', 'f009.png'])
    upscale(folder, tmp_path / 'out', Nearest(), job=JobOptions(segment_length=3))
    assert list_names(tmp_path / 'out') == ['f000.png', 'f001.png', 'f003.png', 'f009.png']
    upscale(folder, tmp_path / 'film.mkv', Nearest(), output=OutputOptions(images=tmp_path / 'beside'))
    assert list_names(tmp_path / 'beside') == list_names(tmp_path / 'out')
    upscale(folder, tmp_path / 'part', Nearest(), part=SourceOptions(start=0.04, duration=0.08))
    assert list_names(tmp_path / 'part') == ['f001.png', 'f003.png']
    assert read_picture(tmp_path / 'part/f003.png').pixels[0, 0, 0] == 46
    # Frames between two others have no names.
    upscale(folder, tmp_path / 'more', Between())
    assert list_names(tmp_path / 'more') == [f'{number:08d}.png' for number in range(8)]


def test_a_folder_of_kept_names_is_replaced_by_the_same_names_only(tmp_path):
    folder = write(tmp_path / 'in', ['a.png', 'b.png'])
    upscale(folder, tmp_path / 'out', Nearest())
    upscale(folder, tmp_path / 'out', Nearest(), job=JobOptions(force=True))
    write(tmp_path / 'out', ['holiday.png'])
    with pytest.raises(FileExistsError, match='holiday'):
        upscale(folder, tmp_path / 'out', Nearest(), job=JobOptions(force=True))


@pytest.mark.parametrize('target', ['out', 'out.mp4'])
def test_two_images_of_one_name_are_an_error(tmp_path, target):
    folder = write(tmp_path / 'in', ['f0.jpg', 'f0.png', 'f1.jpg', 'f1.png'])
    with pytest.raises(ValueError, match=r'f0\.jpg.*f0\.png.*\*\.png'):
        upscale(folder, tmp_path / target, Unused())
    assert list_names(tmp_path) == ['in']
    upscale(f'{folder}/*.png', tmp_path / target, Nearest())


@pytest.mark.parametrize('kind', ['size', 'truncated', 'text'])
def test_all_headers_are_checked_before_the_first_image_is_enlarged(tmp_path, kind):
    folder = write(tmp_path / 'in', [f'{number}.png' for number in range(5)])
    wrong = folder / '3.png'
    if kind == 'size':
        wrong.write_bytes(encode_png(grey_frames(1, width=40)[0]))
    elif kind == 'truncated':
        wrong.write_bytes(encode_png(gradient())[:-40])
    else:
        wrong.write_text('no image')
    with pytest.raises(UnreadableError, match=r'3\.png'):
        upscale(folder, tmp_path / 'out', Unused())
    assert list_names(tmp_path) == ['in']


@pytest.mark.parametrize('deep', [False, True])
def test_profiles_of_colours_are_kept(tmp_path, deep):
    folder = tmp_path / 'in'
    folder.mkdir()
    frame = gradient().astype(np.uint16) * 257 if deep else gradient()
    (folder / 'a.png').write_bytes(encode_png(frame, icc_profile=PROFILE))
    (folder / 'b.png').write_bytes(encode_png(frame))
    upscale(folder, tmp_path / 'out', Nearest())
    with Image.open(tmp_path / 'out/a.png') as image:
        assert image.info['icc_profile'] == PROFILE
    with Image.open(tmp_path / 'out/b.png') as image:
        assert 'icc_profile' not in image.info
    after = cv2.imread(str(tmp_path / 'out/a.png'), cv2.IMREAD_UNCHANGED)
    assert after.dtype == frame.dtype and np.array_equal(after[::2, ::2, ::-1], frame)
    for name in ('a.jpg', 'a.webp', 'a.avif') + (() if deep else ('a.tif',)):
        upscale(folder / 'a.png', tmp_path / name, Nearest())
        with Image.open(tmp_path / name) as image:
            assert image.info['icc_profile'] == PROFILE


def test_colours_other_than_rgb_lose_a_profile_that_would_not_fit(tmp_path):
    grey = ImageCms.ImageCmsProfile(ImageCms.createProfile('LAB')).tobytes()
    Image.fromarray(gradient()).convert('L').save(tmp_path / 'a.png', icc_profile=grey)
    assert read_picture(tmp_path / 'a.png').icc_profile is None


@pytest.mark.parametrize('suffix', ['.tga', '.avif', '.webp', '.jp2'])
def test_kinds_of_images(tmp_path, suffix):
    folder = write(tmp_path / 'in', [f'{number}{suffix}' for number in range(2)], [gradient(), gradient()])
    upscale(folder, tmp_path / 'out', Nearest())
    assert list_names(tmp_path / 'out') == ['0.png', '1.png']
    small = read_picture(tmp_path / 'out/1.png').pixels[::2, ::2].astype(int)
    assert np.abs(small - gradient()).mean() < 4


HEIC = bytes(3) + b'\x1cftypheic' + bytes(4) + b'mif1heicmiaf'
JXL = b'\xff\x0a' + bytes(20)


@pytest.mark.parametrize('name', ['a.jxl', 'a.heic', 'a.HIF', 'a.jpg'])
@pytest.mark.parametrize('content', [HEIC, JXL], ids=['heic', 'jxl'])
def test_content_that_needs_a_package_names_it(tmp_path, name, content):
    plugin = PILLOW_PLUGINS['.heic' if content == HEIC else '.jxl']
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / name).write_bytes(content)
    for source in (tmp_path / 'in' / name, tmp_path / 'in'):
        with pytest.raises(UnreadableError, match=name if plugin.is_there() else f'pip install {plugin.package}'):
            upscale(source, tmp_path / 'out', Unused())
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize('suffix', ['.jxl', '.heic', '.heif'])
def test_kinds_that_need_a_package(tmp_path, suffix):
    plugin = PILLOW_PLUGINS[suffix]
    folder = write(tmp_path / 'in', ['a.png', 'b.png'], [gradient(), gradient()])
    alone, out = tmp_path / 'in/a.png', tmp_path / f'a{suffix}'
    if not plugin.is_there():
        with pytest.raises(ValueError, match=f'pip install {plugin.package}'):
            upscale(alone, out, Unused())
        with pytest.raises(ValueError, match=suffix):
            Naming(suffix)
        return
    upscale(alone, out, Nearest())
    assert np.abs(read_picture(out).pixels[::2, ::2].astype(int) - gradient()).mean() < 4
    # And read again: one image, and a folder of them with opacity.
    upscale(out, tmp_path / 'back.png', Nearest())
    assert read_picture(tmp_path / 'back.png').pixels.shape == (128, 192, 3)
    folder = tmp_path / 'again'
    folder.mkdir()
    alpha = np.full((32, 48), 255, np.uint8)
    alpha[:16] = 0
    (folder / f'0{suffix}').write_bytes(encode_image(suffix, gradient(), alpha))
    upscale(folder, tmp_path / 'out', Nearest())
    found = read_picture(tmp_path / 'out/0.png').alpha
    assert found.shape == (64, 96) and (found[8], found[-8]) == (pytest.approx(0, abs=9), pytest.approx(255, abs=9))


def test_a_photograph_with_the_suffix_of_another_format_needs_no_package(tmp_path):
    Image.fromarray(gradient()).save(tmp_path / 'a.heic', 'JPEG', quality=95)
    upscale(tmp_path / 'a.heic', tmp_path / 'b.png', Nearest())
    assert read_picture(tmp_path / 'b.png').pixels.shape == (64, 96, 3)
