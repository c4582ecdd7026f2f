"""Opacity: enlarged where the target holds it, composited where it does not; hidden colours never appear."""

import av
import numpy as np
import pytest
from PIL import Image
from videos import Between, Nearest

from vsr_plugins.apis import upscale
from vsr_plugins.cli import main
from vsr_plugins.inference.job.options import JobOptions, OutputOptions
from vsr_plugins.media.alpha import composite, fill_hidden
from vsr_plugins.media.images.image_files import encode_png, read_picture
from vsr_plugins.media.reading.open_reader import open_reader

RED, HIDDEN = (200, 40, 30), (0, 255, 0)


class Blurred(Nearest):
    """Averages neighbours, as real networks do, so that colours under transparent pixels would bleed."""

    def forward(self, lqs):
        import torch.nn.functional as F

        return super().forward(F.avg_pool2d(lqs[0], 5, 1, 2, count_include_pad=False)[None])


def disc(dtype=np.uint8):
    """A red square with opaque middle, half-transparent border and green under its transparent surroundings."""
    pixels = np.full((32, 48, 4), (*HIDDEN, 0), np.uint8)
    pixels[6:26, 10:38] = (*RED, 128)
    pixels[10:22, 14:34] = (*RED, 255)
    return pixels if dtype == np.uint8 else pixels.astype(np.uint16) * 257


def write_film(path, codec, pix_fmt, frames=3, options=None):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt = 32, 48, pix_fmt
        for number in range(frames):
            rgba = disc()
            if '420' in pix_fmt:  # halved chroma of the file itself would mix with hidden colours
                rgba[..., :3] = RED
            frame = av.VideoFrame.from_ndarray(rgba, format='rgba').reformat(format=pix_fmt)
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def check(rgba, tolerance=12):
    """Assert that an enlarged disc has its colour wherever it is seen, and its opacity."""
    colours, alpha = rgba[..., :3].astype(int), rgba[..., 3].astype(int)
    assert rgba.shape == (64, 96, 4)
    seen = alpha > 16
    assert np.abs(colours[seen] - RED).max() <= tolerance
    assert np.abs(alpha[:8] - 0).max() <= 2 and np.abs(alpha[24:40, 32:64] - 255).max() <= 2
    assert np.abs(alpha[14:18, 30:60] - 128).max() <= 18  # bicubic interpolation overshoots a little


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_hidden_colours_are_filled_and_others_kept(dtype):
    rgba = disc(dtype)
    filled = fill_hidden(rgba[..., :3], rgba[..., 3])
    assert filled.dtype == dtype
    assert (filled == rgba[16, 20, :3]).all()
    transparent = np.zeros((5, 7), dtype)
    assert (fill_hidden(rgba[:5, :7, :3], transparent) == 0).all()
    one = transparent.copy()
    one[2, 3] = 1
    assert (fill_hidden(rgba[12:17, 15:22, :3], one) == rgba[16, 20, :3]).all()


def test_compositing_by_hand():
    pixels, alpha = np.full((1, 3, 3), (200, 100, 0), np.uint8), np.array([[0, 51, 255]], np.uint8)
    # A fifth of the colour and four fifths of the background.
    assert composite(pixels, alpha, (10, 20, 30)).tolist() == [[[10, 20, 30], [48, 36, 24], [200, 100, 0]]]
    deep = composite(pixels.astype(np.uint16) * 257, alpha.astype(np.uint16) * 257, (10, 20, 30))
    assert (deep == composite(pixels, alpha, (10, 20, 30)).astype(np.uint16) * 257).all()


def sources(folder):
    Image.fromarray(disc()).save(folder / 'a.png')
    (folder / 'deep.png').write_bytes(encode_png(disc(np.uint16)[..., :3], disc(np.uint16)[..., 3]))
    Image.fromarray(disc()).save(folder / 'a.webp', lossless=True, exact=True)
    Image.fromarray(disc()).save(folder / 'a.tif')
    for name in ('a.png', 'deep.png', 'a.webp', 'a.tif'):
        yield folder / name


def test_images_of_every_kind_keep_it(tmp_path):
    for number, source in enumerate(sources(tmp_path)):
        upscale(source, tmp_path / f'{number}.png', Blurred())
        picture = read_picture(tmp_path / f'{number}.png')
        assert picture.pixels.dtype == picture.alpha.dtype == (np.uint16 if source.name == 'deep.png' else np.uint8)
        rgba = np.dstack((picture.pixels, picture.alpha))
        check(rgba if rgba.dtype == np.uint8 else (rgba / 257).round().astype(np.uint8), 1)
    # A palette has opacity of 0 or 255 in a GIF.
    Image.fromarray(disc()).save(tmp_path / 'p.gif')
    upscale(tmp_path / 'p.gif', tmp_path / 'p.png', Blurred())
    picture = read_picture(tmp_path / 'p.png')
    assert np.abs(picture.pixels[picture.alpha > 16].astype(int) - RED).max() <= 4 and picture.alpha.min() == 0


@pytest.mark.parametrize(
    ('name', 'codec', 'pix_fmt', 'target', 'expected'),
    [
        ('a.mov', 'prores_ks', 'yuva444p10le', 'b.mov', 'yuva444p12le'),
        ('a.mov', 'prores_ks', 'yuva444p10le', 'b.webm', 'yuva420p'),
        ('a.webm', 'libvpx-vp9', 'yuva420p', 'b.webm', 'yuva420p'),
        ('a.webm', 'libvpx-vp9', 'yuva420p', 'b.mkv', 'yuva420p'),
        ('a.webm', 'libvpx-vp9', 'yuva420p', 'b.mov', 'yuva444p12le'),
        ('a.mkv', 'ffv1', 'yuva444p', 'b.mkv', 'yuva444p'),
        ('a.mov', 'qtrle', 'argb', 'b.mov', 'yuva444p12le'),
        ('a.mov', 'qtrle', 'argb', 'b.mkv', None),
    ],
)
def test_films_keep_it(tmp_path, name, codec, pix_fmt, target, expected):
    source = write_film(tmp_path / name, codec, pix_fmt)
    assert open_reader(source).info.has_alpha
    upscale(source, tmp_path / target, Blurred(), job=JobOptions(segment_length=2))
    reader = open_reader(tmp_path / target)
    assert reader.info.has_alpha and expected in (None, reader.info.pix_fmt)
    frames = list(reader.frames())
    assert [frame.index for frame in frames] == [0, 1, 2]
    for frame in frames:
        rgba = np.dstack((frame.pixels, frame.alpha))
        check(rgba if rgba.dtype == np.uint8 else (rgba / 257).round().astype(np.uint8), 40)


def test_a_folder_of_images_becomes_a_film_with_opacity(tmp_path):
    (tmp_path / 'in').mkdir()
    for number in range(3):
        Image.fromarray(disc()).save(tmp_path / 'in' / f'{number}.png')
    upscale(tmp_path / 'in', tmp_path / 'b.webm', Between())
    frames = list(open_reader(tmp_path / 'b.webm').frames())
    assert len(frames) == 6 and all(frame.alpha.min() < 3 and frame.alpha.max() > 252 for frame in frames)


@pytest.mark.parametrize('background', [(0, 0, 0), (255, 128, 0)])
@pytest.mark.parametrize('target', ['b.mp4', 'b.avi', 'b.jpg'])
def test_where_it_cannot_be_held_it_is_composited_with_a_warning(tmp_path, caplog, target, background):
    Image.fromarray(disc()).save(tmp_path / 'a.png')
    name = 'black' if not any(background) else '#ff8000'
    upscale(tmp_path / 'a.png', tmp_path / target, Blurred(), output=OutputOptions(background=name))
    (warning,) = [record.getMessage() for record in caplog.records]
    assert 'transparen' in warning and 'composited' in warning
    if target == 'b.jpg':
        pixels = np.asarray(Image.open(tmp_path / target)).astype(int)
    else:
        pixels = next(open_reader(tmp_path / target).frames()).pixels.astype(int)
    assert np.abs(pixels[:8] - background).max() <= 12
    assert np.abs(pixels[26:38, 36:60] - RED).max() <= 12
    half = (np.array(RED) + background) / 2
    assert np.abs(pixels[14:17, 32:60] - half).mean() <= 12


@pytest.mark.parametrize('network', [Nearest, Between])
@pytest.mark.parametrize('target', ['b.mp4', 'b.mov'])
def test_both_halves_of_a_preview_are_transparent(tmp_path, target, network):
    source = write_film(tmp_path / 'a.mov', 'qtrle', 'argb')
    upscale(source, tmp_path / target, network(), output=OutputOptions(preview=True, background='white'))
    frames = list(open_reader(tmp_path / target).frames())
    assert len(frames) == (6 if network is Between else 3)
    for frame in frames:
        for half in (slice(96), slice(96, None)):
            pixels = frame.pixels[:, half].astype(int)
            if target == 'b.mov':
                check((np.dstack((pixels, frame.alpha[:, half])) / 257).round().astype(np.uint8), 40)
                continue
            assert np.abs(pixels[:8] - 255).max() <= 12
            assert np.abs(pixels[26:38, 36:60] - RED).max() <= 12
            assert np.abs(pixels[14:17, 32:60] - (np.array(RED) + 255) / 2).mean() <= 14


def test_opaque_pictures_are_not_warned_about(tmp_path, caplog):
    Image.fromarray(disc()[..., :3]).save(tmp_path / 'a.png')
    upscale(tmp_path / 'a.png', tmp_path / 'b.mp4', Nearest())
    write_film(tmp_path / 'a.mkv', 'ffv1', 'bgra')
    assert not caplog.records


def test_an_unknown_colour_is_an_error(tmp_path, capsys):
    Image.fromarray(disc()).save(tmp_path / 'a.png')
    assert main(['upscale', str(tmp_path / 'a.png'), str(tmp_path / 'b.mp4'), '--background', 'no-colour']) == 2
    assert "'no-colour'" in capsys.readouterr().err


def test_a_film_that_becomes_transparent_later_keeps_its_opacity(tmp_path):
    opaque, source = (
        np.dstack((np.full((32, 48, 3), 90, np.uint8), np.full((32, 48), 255, np.uint8))),
        tmp_path / 'a.mov',
    )
    with av.open(str(source), 'w') as container:
        stream = container.add_stream('png', rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, 48, 'rgba'
        for rgba in (opaque, opaque, disc()):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(rgba, format='rgba')))
        container.mux(stream.encode(None))
    folder = tmp_path / 'images'
    folder.mkdir()
    for number, rgba in enumerate((opaque[..., :3], opaque[..., :3], disc())):
        Image.fromarray(rgba).save(folder / f'{number}.png')
    for place in (source, folder):
        upscale(place, tmp_path / 'b.mov', Nearest(), job=JobOptions(force=True))
        with av.open(str(tmp_path / 'b.mov')) as container:
            frames = [frame.to_ndarray(format='rgba') for frame in container.decode(video=0)]
        assert [int(frame[0, 0, 3]) for frame in frames] == [255, 255, 0]
        assert int(frames[2][32, 48, 3]) == 255
