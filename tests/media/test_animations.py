"""Animated images, and single images, in and out."""

from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image
from videos import Between, Nearest, gradient, grey_frames, moved, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.cli import main
from vsr_plugins.inference.job.options import JobOptions, SourceOptions
from vsr_plugins.media.images.image_files import UnreadableError
from vsr_plugins.media.reading.animation_reader import AnimationReader, _in_ticks
from vsr_plugins.media.reading.open_reader import open_reader


def pictures(count=4, holes=False):
    """Gradients with a bright square that moves, and with a transparent one if asked."""
    made = []
    for number in range(count):
        frame = gradient()
        frame[4:12, 4 + 8 * number : 12 + 8 * number] = 230
        alpha = np.full((*frame.shape[:2], 1), 255, np.uint8)
        if holes:
            alpha[16:24, 4 + 8 * number : 12 + 8 * number] = 0
        made.append(np.dstack((frame, alpha)))
    return made


def write(path, frames, durations, loop=0, **options):
    images = [Image.fromarray(frame) for frame in frames]
    if path.suffix == '.webp':
        options |= {'lossless': True, 'exact': True}
    if path.suffix == '.gif':
        options |= {'disposal': 2}
    if path.suffix != '.tiff':
        options |= {'duration': durations, 'loop': loop}
    images[0].save(path, save_all=True, append_images=images[1:], **options)
    return path


def read(path):
    """RGBA of each picture, their durations, and the number of loops."""
    frames, durations = [], []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            image.load()
            frames.append(np.asarray(image.convert('RGBA')))
            durations.append(image.info.get('duration'))
        return np.stack(frames), durations, image.info.get('loop')


DURATIONS = [100, 300, 50, 200]
TOLERANCE = {'.gif': 8, '.webp': 4, '.png': 0, '.apng': 0}


@pytest.mark.parametrize('holes', [False, True], ids=['opaque', 'transparent'])
@pytest.mark.parametrize('source', ['a.png', 'a.webp', 'a.gif'])
@pytest.mark.parametrize('target', ['b.png', 'b.apng', 'b.webp', 'b.gif'])
def test_pictures_durations_loops_and_opacity_are_kept(tmp_path, source, target, holes):
    path = write(tmp_path / source, pictures(holes=holes), DURATIONS, loop=3)
    before, durations, _ = read(path)
    assert durations == DURATIONS and len(before) == 4
    upscale(path, tmp_path / target, Nearest(), job=JobOptions(segment_length=3))
    after, durations, loop = read(tmp_path / target)
    assert durations == DURATIONS
    # GIF counts repetitions, the others count how often it is played.
    assert loop == 3 + (source == 'a.gif') - (target == 'b.gif')
    assert after.shape == (4, 64, 96, 4)
    small = after[:, ::2, ::2].astype(int)
    visible = before[..., 3:] == 255
    # Opacity is enlarged by bicubic interpolation; away from the edges it is that of the source.
    for number in range(4):
        hole = after[number, 36:44, 12 + 16 * number : 20 + 16 * number, 3]
        assert (hole == (0 if holes else 255)).all()
    assert (after[:, :28, :, 3] == 255).all()
    difference = np.abs(small - before)[..., :3] * visible
    assert difference.mean() <= TOLERANCE[target[1:]]


@pytest.mark.parametrize('source', ['a.png', 'a.webp', 'a.gif'])
@pytest.mark.parametrize('target', ['b.apng', 'b.webp', 'b.gif'])
def test_an_animation_that_is_played_once_stays_so(tmp_path, source, target):
    # A GIF without a count is played once.
    path = write(tmp_path / source, pictures(), DURATIONS, loop=None if source == 'a.gif' else 1)
    assert read(path)[2] == (None if source == 'a.gif' else 1)
    upscale(path, tmp_path / target, Nearest())
    assert read(tmp_path / target)[2] == (None if target == 'b.gif' else 1)


@pytest.mark.parametrize('target', ['b.webp', 'b.gif'])
def test_an_animation_is_played_as_often_as_the_target_can_count(tmp_path, target):
    upscale(write(tmp_path / 'a.png', pictures(), DURATIONS, loop=100_000), tmp_path / target, Nearest())
    assert read(tmp_path / target)[2] == 65535 - (target == 'b.gif')


def write_apng(path, time_base, times):
    with av.open(str(path), 'w', format='apng') as container:
        stream = container.add_stream('apng', rate=1 / time_base)
        stream.height, stream.width, stream.pix_fmt = 32, 48, 'rgb24'
        stream.codec_context.time_base = time_base
        for number, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(pictures(5)[number % 5][..., :3].copy(), format='rgb24')
            frame.pts, frame.time_base = time, time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize('rate', [Fraction(30000, 1001), Fraction(24000, 1001), Fraction(60), Fraction(15)])
def test_the_rate_of_an_apng_is_exact(tmp_path, rate):
    source = write_apng(tmp_path / 'a.apng', 1 / rate, range(30))
    upscale(source, tmp_path / 'b.mp4', Nearest())
    times, _, about = read_clip(tmp_path / 'b.mp4')
    assert about['rate'] == rate and times == pytest.approx([float(number / rate) for number in range(30)], abs=1e-9)
    upscale(source, tmp_path / 'c.apng', Nearest())
    assert open_reader(tmp_path / 'c.apng').info.rate == rate


def test_unequal_durations_of_an_apng_are_exact(tmp_path):
    source = write_apng(tmp_path / 'a.apng', Fraction(1001, 30000), [0, 1, 4, 5])
    reader = open_reader(source)
    times = [frame.pts * reader.info.time_base for frame in reader.frames()]
    assert times == [number * Fraction(1001, 30000) for number in (0, 1, 4, 5)]


@pytest.mark.parametrize(
    ('seconds', 'unit'),
    [
        ([Fraction(1, 30), Fraction(1, 10)], Fraction(1, 3000)),
        # Their common unit is shorter than a nanosecond.
        ([Fraction(1, 50021), Fraction(1, 60013), Fraction(1, 7)], Fraction(1, 10**6)),
    ],
)
def test_durations_have_a_common_unit(seconds, unit):
    found, ticks = _in_ticks(seconds)
    assert found == unit
    assert sum(ticks) * unit == pytest.approx(float(sum(seconds)), abs=1e-6)


def test_an_animation_becomes_a_film_and_a_film_an_animation(tmp_path):
    path = write(tmp_path / 'a.png', pictures(), DURATIONS)
    upscale(path, tmp_path / 'b.mkv', Nearest())
    times, frames, _ = read_clip(tmp_path / 'b.mkv')
    assert times == pytest.approx([0, 0.1, 0.4, 0.45]) and frames.shape == (4, 64, 96, 3)
    upscale(path, tmp_path / 'part.mkv', Nearest(), part=SourceOptions(start=0.2, duration=0.24))
    # The second picture is still shown when the part begins.
    assert read_clip(tmp_path / 'part.mkv')[0] == pytest.approx([0, 0.2])
    upscale(path, tmp_path / 'numbers', Nearest())
    assert sorted(file.name for file in (tmp_path / 'numbers').iterdir())[-1] == '00000003.png'
    film = write_clip(tmp_path / 'c.mp4', [frame[..., :3] for frame in pictures()])
    for name in ('d.gif', 'd.webp', 'd.apng'):
        upscale(film, tmp_path / name, Between())
        after, durations, loop = read(tmp_path / name)
        assert after.shape == (8, 64, 96, 4) or name == 'd.webp'  # WebP joins equal pictures
        assert durations == [20] * 8 or (name == 'd.webp' and sum(durations) == 160)
        assert loop == 0
    with pytest.raises(ValueError, match=r'd\.png'):
        upscale(film, tmp_path / 'd.png', Nearest())


def test_pages_of_a_tiff_are_frames_of_any_rate_and_previews_are_not(tmp_path):
    path = write(tmp_path / 'a.tiff', pictures(), None)
    reader = open_reader(path, 10)
    assert isinstance(reader, AnimationReader) and (reader.info.rate, reader.count()) == (10, 4)
    assert [frame.pixels[8, 8 + 8 * frame.index, 0] for frame in reader.frames()] == [230] * 4
    with pytest.raises(ValueError, match='fps=10'):
        open_reader(write(tmp_path / 'a.webp', pictures(), DURATIONS), 10)
    large, small = Image.fromarray(gradient()), Image.fromarray(gradient(8, 12))
    large.save(tmp_path / 'b.tiff', save_all=True, append_images=[small])
    large.save(tmp_path / 'c.jpg', 'MPO', save_all=True, append_images=[large])
    for name in ('b.tiff', 'c.jpg'):
        assert open_reader(tmp_path / name).count() == 1
        upscale(tmp_path / name, tmp_path / f'large_{name}', Nearest())
        assert Image.open(tmp_path / f'large_{name}').size == (96, 64)


def test_a_truncated_animation_is_an_error_that_names_it(tmp_path):
    path = write(tmp_path / 'a.webp', pictures(), DURATIONS)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(UnreadableError, match=r'a\.webp'):
        upscale(path, tmp_path / 'b.webp', Nearest())
    assert [one.name for one in tmp_path.iterdir()] == ['a.webp']


def test_a_single_image_becomes_a_single_image(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(gradient()).save('a.png')
    for name in ('b.png', 'b.jpg', 'b.webp', 'b.tif', 'b.bmp', 'b.tga', 'b.avif'):
        assert main(['upscale', 'a.png', name, '--model', 'bicubic']) == 0
        with Image.open(name) as image:
            assert image.size == (192, 128) and getattr(image, 'n_frames', 1) == 1
            small = np.asarray(image.convert('RGB').resize((48, 32), Image.Resampling.BOX)).astype(int)
        assert np.abs(small - gradient())[2:-2, 2:-2].max() < 8
    assert sorted(path.name for path in tmp_path.iterdir())[0] == 'a.png' and not list(tmp_path.glob('.*'))
    capsys.readouterr()
    for target, value in (('a.png', 'a.png'), ('b.png', '--force'), ('b.psd', '.psd'), ('b.jp9', '.jp9')):
        assert main(['upscale', 'a.png', target, '--model', 'bicubic']) == 2
        assert value in capsys.readouterr().err
    assert main(['upscale', 'a.png', 'b.jpg', 'out/', '--suffix', '_x4', '--model', 'bicubic']) == 0
    assert sorted(path.name for path in (tmp_path / 'out').iterdir()) == ['a_x4.png', 'b_x4.jpg']
    assert main(['upscale', 'a.png', 'c.mp4', '--model', 'bicubic']) == 0
    assert len(read_clip(tmp_path / 'c.mp4')[0]) == 1


@pytest.mark.parametrize(('rate', 'expected'), [(50, [20] * 12), (60, [20, 30] * 4), (240, [20, 30])])
def test_a_gif_is_not_faster_than_browsers_show_it(tmp_path, caplog, rate, expected):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(12), rate=Fraction(rate))
    upscale(source, tmp_path / 'b.gif', Nearest())
    assert read(tmp_path / 'b.gif')[1] == expected
    assert len(caplog.records) == (rate > 50)


@pytest.mark.parametrize('name', ['b.webp', 'b.apng', 'b.gif'])
def test_an_animation_of_a_film_that_begins_late_begins_at_0(tmp_path, name):
    source = moved(write_clip(tmp_path / 'a.mp4', grey_frames(6)), tmp_path / 'late.ts', 20000)
    upscale(source, tmp_path / name, Nearest())
    durations = read(tmp_path / name)[1]
    # WebP joins frames that look alike.
    assert sum(durations) == 240 and (name == 'b.webp' or durations == [40] * 6)


@pytest.mark.parametrize('name', ['b.mp4', 'b.mov', 'b.mkv', 'b.webm'])
def test_the_last_picture_lasts_as_long_in_a_film(tmp_path, name):
    source = write(tmp_path / 'a.gif', pictures(), [100, 100, 100, 3000])
    upscale(source, tmp_path / name, Nearest())
    with av.open(str(tmp_path / name)) as container:
        assert container.duration / av.time_base == pytest.approx(3.3, abs=2e-3)


@pytest.mark.parametrize('channels', [None, 3, 4])
def test_pages_of_16_bits_keep_them(tmp_path, channels):
    shape = (24, 32) if channels is None else (24, 32, channels)
    pages = [np.full(shape, 20000 + 3000 * number, np.uint16) for number in range(3)]
    for page in pages:
        page[:12] = 50001
    tifffile.imwrite(tmp_path / 'a.tiff', np.stack(pages), photometric='minisblack' if channels is None else 'rgb')
    upscale(tmp_path / 'a.tiff', tmp_path / 'out', Nearest())
    for number, page in enumerate(pages):
        image = cv2.imread(str(tmp_path / 'out' / f'{number:08d}.png'), cv2.IMREAD_UNCHANGED)
        expected = np.repeat(np.repeat(page, 2, 0), 2, 1)
        assert image.dtype == np.uint16
        # PNG holds grey as colours.
        assert np.array_equal(image[..., 0], expected if channels is None else expected[..., 0])
        assert image.shape[2] == (4 if channels == 4 else 3)


@pytest.mark.parametrize('frames', [1, 2])
def test_a_side_that_a_format_cannot_have_is_refused_before_anything_is_upscaled(tmp_path, frames):
    class Unused(Nearest):
        def forward(self, lqs):
            raise AssertionError('a frame was enlarged')

    pages = [Image.new('RGB', (8192, 16), (90 + number,) * 3) for number in range(frames)]
    pages[0].save(tmp_path / 'a.png', save_all=True, append_images=pages[1:])
    with pytest.raises(ValueError, match='16383.*16384x32'):
        upscale(tmp_path / 'a.png', tmp_path / 'b.webp', Unused())
    assert [path.name for path in tmp_path.iterdir()] == ['a.png']
