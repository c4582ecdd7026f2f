import gc
import threading
from fractions import Fraction

import av
import numpy as np
import pytest
from videos import Between, Nearest, gradient, grey_frames, read_clip, sound_packets, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.apis.batch import upscale_batch
from vsr_plugins.inference.job.options import JobOptions, OutputOptions, SourceOptions
from vsr_plugins.media.images.image_files import UnreadableError, encode_png, read_rgb


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ('name', 'codec', 'written', 'tracks'),
    [
        ('clip.mp4', 'libx264', 'h264', 0),
        ('clip.mkv', 'libx264', 'h264', 2),
        ('clip.mov', 'libx264', 'h264', 1),
        ('clip.webm', 'libvpx-vp9', 'vp9', 1),
        ('clip.y4m', 'rawvideo', 'rawvideo', 0),
    ],
)
def test_container_codec_times_and_audio_are_kept(tmp_path, name, codec, written, tracks):
    rate = Fraction(30000, 1001)
    options = {'x265-params': 'log-level=none', 'crf': '2'} if codec == 'libx265' else None
    source = write_clip(tmp_path / name, grey_frames(9), codec, rate=rate, tracks=tracks, options=options)
    target = tmp_path / f'large{source.suffix}'
    result = upscale(source, target, Nearest())
    assert (result.targets, result.read, result.damage) == ((target,), 9, None)
    before, old, was = read_clip(source)
    after, new, now = read_clip(target)
    assert now['codec'] == written == was['codec']
    assert now['rate'] == was['rate'] == rate
    assert after == pytest.approx(before, abs=1e-9)
    assert new.shape == (9, 64, 96, 3)
    assert np.abs(new[:, ::2, ::2].astype(int) - old).max() <= 4
    for track in range(tracks):
        assert sound_packets(target, track) == sound_packets(source, track)
    assert list_names(tmp_path) == sorted((name, target.name))


def test_variable_rate_is_kept_to_the_tick(tmp_path):
    time_base = Fraction(1, 90000)
    times = [0, 3003, 6006, 24000, 25001, 90000]
    source = write_clip(tmp_path / 'a.mp4', grey_frames(6), time_base=time_base, times=times)
    upscale(source, tmp_path / 'b.mp4', Nearest(), job=JobOptions(segment_length=2))
    after, _, now = read_clip(tmp_path / 'b.mp4')
    assert now['time_base'] == time_base
    assert [round(time / time_base) for time in after] == times


def test_interpolation_doubles_the_rate_and_keeps_the_audio(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(8, step=8), tracks=1)
    upscale(source, tmp_path / 'b.mp4', Between(), output=OutputOptions(crf=2))
    times, frames, now = read_clip(tmp_path / 'b.mp4')
    assert now['rate'] == 50
    assert times == pytest.approx([i / 50 for i in range(16)])
    # 40, 48, ... with 44, 52, ... between; the last frame is shown twice.
    assert frames.mean((1, 2, 3)) == pytest.approx([40 + 4 * i for i in range(15)] + [96], abs=1.5)
    assert sound_packets(tmp_path / 'b.mp4') == sound_packets(source)


def test_a_cut_ends_a_scene_for_the_network(tmp_path):
    red, blue = (np.full((32, 48, 3), color, np.uint8) for color in ((200, 30, 30), (30, 30, 200)))
    source = write_clip(tmp_path / 'a.mp4', [red] * 3 + [blue] * 3)
    upscale(source, tmp_path / 'b.mp4', Between(), output=OutputOptions(crf=2))
    _, frames, _ = read_clip(tmp_path / 'b.mp4')
    assert len(frames) == 12
    assert np.abs(frames[:6].mean((1, 2)) - (200, 30, 30)).max() < 4
    assert np.abs(frames[6:].mean((1, 2)) - (30, 30, 200)).max() < 4


# Codes of Y, Cb, Cr by the definitions of BT.601 and BT.709, for (204, 102, 26).
@pytest.mark.parametrize(
    ('matrix', 'full', 'expected'), [(6, 1, (122, 80, 178)), (1, 1, (118, 84, 176)), (6, 2, (124, 73, 185))]
)
def test_colours_are_read_and_written_by_their_matrix_and_range(tmp_path, matrix, full, expected):
    frames = [np.full((32, 48, 3), (204, 102, 26), np.uint8)] * 2
    source = write_clip(tmp_path / 'a.mp4', frames, pix_fmt='yuv444p', colors=(full, matrix))
    upscale(source, tmp_path / 'b.mp4', Nearest(), output=OutputOptions(images=tmp_path / 'png', crf=2))
    with av.open(str(tmp_path / 'b.mp4')) as container:
        frame = next(container.decode(video=0))
        assert (frame.color_range, frame.colorspace) == (full, matrix)
        assert frame.format.name == ('yuv444p' if full == 1 else 'yuvj444p')  # FFmpeg's name for full range
        codes = [np.frombuffer(bytes(plane), np.uint8)[0] for plane in frame.planes]
    assert np.abs(np.array(codes, int) - expected).max() <= 2
    assert np.abs(read_rgb(tmp_path / 'png/00000000.png')[5, 5].astype(int) - (204, 102, 26)).max() <= 2


def test_ten_bits_are_kept(tmp_path):
    ramp = np.linspace(20000, 22000, 48).astype(np.uint16)
    frames = [np.broadcast_to(ramp[None, :, None], (32, 48, 3)).copy()] * 2
    source = write_clip(tmp_path / 'a.mkv', frames, pix_fmt='yuv420p10le', options={'crf': '0'})
    upscale(source, tmp_path / 'b.mkv', Nearest(), output=OutputOptions(images=tmp_path / 'png', crf=0))
    with av.open(str(tmp_path / 'b.mkv')) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name == 'yuv420p10le'
        luma = np.frombuffer(bytes(frame.planes[0]), np.uint16)[: frame.width]
    # The ramp has 8 steps in 8 bits, 27 in 10.
    assert len(np.unique(luma)) > 20
    assert luma[0] == pytest.approx(64 + 876 * 20000 / 65535, abs=2)
    import cv2

    image = cv2.imread(str(tmp_path / 'png/00000000.png'), cv2.IMREAD_UNCHANGED)
    assert image.dtype == np.uint16
    assert np.abs(image[0, ::2, 1].astype(int) - ramp).max() < 200


@pytest.mark.parametrize(('rotation', 'expected'), [(90, '3/4'), (-90, '3/4'), (180, '4/3')])
@pytest.mark.parametrize('width', [32, 48])
def test_wide_pixels_of_a_rotated_video_become_high(tmp_path, rotation, expected, width):
    with av.open(str(tmp_path / 'a.mp4'), 'w') as container:
        stream = container.add_stream('libx264', rate=25)
        stream.height, stream.width, stream.pix_fmt = 32, width, 'yuv420p'
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        stream.set_display_rotation(rotation)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(gradient(32, width), format='rgb24')))
        container.mux(stream.encode(None))
    upscale(tmp_path / 'a.mp4', tmp_path / 'b.mp4', Nearest())
    with av.open(str(tmp_path / 'b.mp4')) as container:
        assert container.streams.video[0].sample_aspect_ratio == Fraction(expected)


@pytest.mark.parametrize('rotation', [90, -90, 180])
def test_a_rotated_video_is_written_upright(tmp_path, rotation):
    source = write_clip(tmp_path / 'a.mp4', [gradient()] * 2, pix_fmt='yuv444p', rotation=rotation)
    upscale(source, tmp_path / 'b.mp4', Nearest(), output=OutputOptions(crf=2))
    _, frames, now = read_clip(tmp_path / 'b.mp4')
    assert now['rotation'] == 0
    upright = np.rot90(gradient(), rotation // 90)  # FFmpeg counts anticlockwise
    assert np.abs(frames[0, ::2, ::2].astype(int) - upright).max() <= 6


@pytest.mark.parametrize(('scale', 'size', 'pix_fmt'), [(3, (33, 47), 'yuv444p'), (2, (33, 47), 'yuv420p')])
def test_odd_sizes_lose_no_pixel(tmp_path, scale, size, pix_fmt):
    source = write_clip(tmp_path / 'a.mkv', [gradient(*size)] * 2, codec='ffv1')
    upscale(source, tmp_path / 'b.mkv', Nearest(scale), output=OutputOptions(codec='libx264'))
    _, frames, now = read_clip(tmp_path / 'b.mkv')
    assert frames.shape[1:3] == (size[0] * scale, size[1] * scale)
    assert now['pix_fmt'] == pix_fmt


def test_a_span_of_a_video(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(40, step=5), tracks=1)
    upscale(
        source, tmp_path / 'b.mp4', Nearest(), part=SourceOptions(start=0.4, duration=0.2), output=OutputOptions(crf=2)
    )
    times, frames, _ = read_clip(tmp_path / 'b.mp4')
    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.16])
    assert frames.mean((1, 2, 3)) == pytest.approx([90 + 5 * i for i in range(5)], abs=1.5)
    sound = sound_packets(tmp_path / 'b.mp4')
    assert 0.15 < sound[-1][0] - sound[0][0] < 0.2
    all_packets = sound_packets(source)
    # The start of a track is stored in milliseconds.
    near = [packet for start, packet in all_packets for time, _ in sound if abs(start - time - 0.4) < 1e-3]
    assert near == [packet for _, packet in sound]


def test_one_frame(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(1))
    assert upscale(source, tmp_path / 'b.mp4', Between()).read == 1
    assert upscale(source, tmp_path / 'c.mp4', Nearest()).read == 1
    assert len(read_clip(tmp_path / 'b.mp4')[0]) == 2
    assert len(read_clip(tmp_path / 'c.mp4')[0]) == 1


def test_images_in_and_out(tmp_path):
    folder = tmp_path / 'in'
    folder.mkdir()
    for number in (1, 2, 10):
        (folder / f'f{number}.png').write_bytes(encode_png(np.full((8, 12, 3), 10 * number, np.uint8)))
    for kind, source in enumerate((folder, f'{folder}/f*.png', f'{folder}/f%d.png')):
        out = tmp_path / f'out{kind}'
        upscale(source, out, Nearest())
        assert list_names(out) == ['f1.png', 'f10.png', 'f2.png']
        assert [read_rgb(out / name)[0, 0, 0] for name in list_names(out)] == [10, 100, 20]
        assert read_rgb(out / 'f1.png').shape == (16, 24, 3)
    upscale(folder, tmp_path / 'film.mp4', Nearest(), part=SourceOptions(fps=Fraction(24000, 1001)))
    assert read_clip(tmp_path / 'film.mp4')[2]['rate'] == Fraction(24000, 1001)


def test_images_of_sixteen_bits_are_kept(tmp_path):
    import cv2

    folder = tmp_path / 'in'
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 65536, (8, 12, 3), np.uint16)
    cv2.imwrite(str(folder / '0.png'), noise)
    cv2.imwrite(str(folder / '1.png'), noise[..., 0])
    upscale(folder, tmp_path / 'out', Nearest())
    images = [cv2.imread(str(tmp_path / 'out' / name), cv2.IMREAD_UNCHANGED) for name in list_names(tmp_path / 'out')]
    assert [image.dtype for image in images] == [np.uint16] * 2
    assert np.abs(images[0][::2, ::2].astype(int) - noise).max() <= 1
    assert np.abs(images[1][::2, ::2].astype(int) - noise[..., :1]).max() <= 1
    upscale(folder, tmp_path / 'film.mkv', Nearest(), output=OutputOptions(codec='libx265'))
    assert read_clip(tmp_path / 'film.mkv')[2]['pix_fmt'] == 'yuv420p12le'
    complete = (folder / '1.png').read_bytes()
    (folder / '1.png').write_bytes(complete[:-30])
    with pytest.raises(UnreadableError, match='1.png'):
        upscale(folder, tmp_path / 'again', Nearest())


def test_an_unreadable_source_leaves_nothing(tmp_path):
    text = tmp_path / 'text.mp4'
    text.write_text('not a video\n' * 50)
    complete = write_clip(tmp_path / 'complete.mp4', grey_frames(4))
    cut = tmp_path / 'cut.mp4'
    cut.write_bytes(complete.read_bytes()[:200])
    sound = tmp_path / 'sound.mp4'
    with av.open(str(sound), 'w') as container:
        stream = container.add_stream('aac', rate=48000)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 960), np.float32), format='fltp', layout='stereo')
        frame.sample_rate = 48000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    empty = tmp_path / 'empty.y4m'
    empty.write_bytes(b'YUV4MPEG2 W16 H16 F25:1 Ip A1:1 C420jpeg\n')
    before = list_names(tmp_path)
    for path in (text, cut, sound, empty):
        with pytest.raises(UnreadableError, match=path.name):
            upscale(path, tmp_path / 'out.mp4', Nearest())
    with pytest.raises(FileNotFoundError, match='absent.mp4'):
        upscale(tmp_path / 'absent.mp4', tmp_path / 'out.mp4', Nearest())
    with pytest.raises(ValueError, match='9 s'):
        upscale(complete, tmp_path / 'out.mp4', Nearest(), part=SourceOptions(start=9))
    assert list_names(tmp_path) == before


def test_a_truncated_file_is_upscaled_as_far_as_possible(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (30, 32, 48, 3), np.uint8)
    complete = write_clip(tmp_path / 'complete.mkv', list(noise), options={'crf': '2', 'g': '1'})
    cut = tmp_path / 'cut.mkv'
    cut.write_bytes(complete.read_bytes()[: complete.stat().st_size // 2])
    result = upscale(cut, tmp_path / 'out.mkv', Nearest())
    assert 10 <= result.read <= 20
    assert '1.20 s' in result.damage
    assert len(read_clip(tmp_path / 'out.mkv')[0]) == result.read


def test_files_of_the_user_are_not_replaced(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(3))
    content = source.read_bytes()
    target = tmp_path / 'b.mp4'
    target.write_bytes(b'mine')
    with pytest.raises(FileExistsError, match='--force'):
        upscale(source, target, Nearest())
    assert target.read_bytes() == b'mine'
    with pytest.raises(ValueError, match='a.mp4'):
        upscale(source, source, Nearest(), job=JobOptions(force=True))
    upscale(source, target, Nearest(), job=JobOptions(force=True))
    assert len(read_clip(target)[0]) == 3
    pictures = tmp_path / 'pictures'
    pictures.mkdir()
    (pictures / 'holiday.jpg').write_bytes(b'mine')
    with pytest.raises(FileExistsError, match='holiday'):
        upscale(source, pictures, Nearest(), job=JobOptions(force=True))
    assert (source.read_bytes(), (pictures / 'holiday.jpg').read_bytes()) == (content, b'mine')
    assert list_names(tmp_path) == ['a.mp4', 'b.mp4', 'pictures']


def test_an_unwritable_target(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(2))
    with pytest.raises(OSError, match='b.mp4'):
        upscale(source, source / 'b.mp4', Nearest())
    with pytest.raises(ValueError, match='docx'):
        upscale(source, tmp_path / 'b.docx', Nearest())
    with pytest.raises(ValueError, match='libx999'):
        upscale(source, tmp_path / 'b.mp4', Nearest(), output=OutputOptions(codec='libx999'))
    with pytest.raises(ValueError, match='webm.*libx264'):
        upscale(source, tmp_path / 'b.webm', Nearest(), output=OutputOptions(codec='libx264'))
    sounding = write_clip(tmp_path / 'c.mp4', grey_frames(4), tracks=1)
    with pytest.raises(ValueError, match='--audio none'):
        upscale(sounding, tmp_path / 'b.y4m', Nearest())
    upscale(sounding, tmp_path / 'b.y4m', Nearest(), output=OutputOptions(audio=False))
    assert list_names(tmp_path) == ['a.mp4', 'b.y4m', 'c.mp4']


class Interrupted(Nearest):
    """Raises ``error``, by default an interrupt, at frame number ``at``."""

    def __init__(self, at, error=KeyboardInterrupt):
        super().__init__()
        self.left = at
        self.error = error

    def forward(self, lqs):
        self.left -= lqs.shape[1]
        if self.left < 0:
            raise self.error
        return super().forward(lqs)


@pytest.mark.parametrize('network', [Nearest, Between])
def test_a_resumed_upscale_equals_an_uninterrupted_one(tmp_path, network):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(23), tracks=1)
    # Lossless: libx264 is not always reproducible with rate control.
    upscale(
        source,
        tmp_path / 'uninterrupted.mp4',
        network(),
        output=OutputOptions(images=tmp_path / 'uninterrupted', crf=0),
        job=JobOptions(segment_length=5),
    )
    broken = type('Broken', (Interrupted, network), {})(18)
    target, pictures = tmp_path / 'b.mp4', tmp_path / 'png'
    with pytest.raises(KeyboardInterrupt, match='b.mp4'):
        upscale(source, target, broken, output=OutputOptions(images=pictures, crf=0), job=JobOptions(segment_length=5))
    times, _, _ = read_clip(target)
    assert 5 <= len(times) < 46
    assert sound_packets(target)[-1][0] <= times[-1] + 0.04
    assert len(list_names(pictures)) == len(times)
    with pytest.raises(FileExistsError, match='b.mp4'):
        upscale(
            source, target, network(), output=OutputOptions(images=pictures, crf=0), job=JobOptions(segment_length=5)
        )
    result = upscale(
        source,
        target,
        network(),
        output=OutputOptions(images=pictures, crf=0),
        job=JobOptions(resume=True, segment_length=5),
    )
    assert result.read < 23
    after, frames, _ = read_clip(target)
    expected_times, expected_frames, _ = read_clip(tmp_path / 'uninterrupted.mp4')
    assert after == pytest.approx(expected_times)
    assert np.array_equal(frames, expected_frames)
    assert list_names(pictures) == list_names(tmp_path / 'uninterrupted')
    assert sound_packets(target) == sound_packets(source)
    assert list_names(tmp_path) == ['a.mp4', 'b.mp4', 'png', 'uninterrupted', 'uninterrupted.mp4']
    assert upscale(source, target, network(), job=JobOptions(resume=True)).read == 0


def test_an_interrupted_upscale_can_be_discarded(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(12))
    with pytest.raises(KeyboardInterrupt):
        upscale(source, tmp_path / 'b.mp4', Interrupted(8), job=JobOptions(on_interrupt='discard', segment_length=3))
    assert list_names(tmp_path) == ['a.mp4']


def test_an_unfinished_upscale_must_be_resumed_or_restarted(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(12))
    target = tmp_path / 'b.mp4'
    with pytest.raises(OSError, match='--resume'):
        upscale(
            source, target, Interrupted(8, OSError(28, 'No space left on device')), job=JobOptions(segment_length=3)
        )
    assert list_names(tmp_path) == ['.b.mp4.vsr', 'a.mp4']
    with pytest.raises(FileExistsError, match='--resume.*--force'):
        upscale(source, target, Nearest(), job=JobOptions(segment_length=3))
    with pytest.raises(ValueError, match=r'span .*0\.1'):
        upscale(source, target, Nearest(), part=SourceOptions(start=0.1), job=JobOptions(resume=True, segment_length=3))
    assert upscale(source, target, Nearest(), job=JobOptions(resume=True, segment_length=3)).read == 6
    assert len(read_clip(target)[0]) == 12
    assert list_names(tmp_path) == ['a.mp4', 'b.mp4']


def test_a_failure_before_the_first_segment_leaves_nothing(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(12))
    with pytest.raises(RuntimeError, match='no such kernel'):
        upscale(source, tmp_path / 'b.mp4', Interrupted(8, RuntimeError('no such kernel')))
    assert list_names(tmp_path) == ['a.mp4']
    assert threading.active_count() == 1 or all(t.name not in ('read', 'write') for t in threading.enumerate())


def test_each_source_of_a_batch_keeps_its_name(tmp_path):
    sources = [write_clip(tmp_path / name, grey_frames(3)) for name in ('a.mp4', 'b.mkv')]
    (tmp_path / 'c.mp4').write_text('no video')
    results = upscale_batch([*sources, tmp_path / 'c.mp4'], tmp_path / 'out', model=Nearest())
    assert list_names(tmp_path / 'out') == ['a.mp4', 'b.mkv']
    assert isinstance(results[tmp_path / 'c.mp4'], UnreadableError)
    with pytest.raises(ValueError, match='a.mp4'):
        upscale_batch([sources[0], tmp_path / 'x' / 'a.mp4'], tmp_path / 'out', model=Nearest())


def test_memory_for_frames_is_bounded(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(120, step=1))
    seen = []

    class Counting(Nearest):
        def forward(self, lqs):
            seen.append(lqs.shape[1])
            return super().forward(lqs)

    upscale(source, tmp_path / 'b.mp4', Counting())
    assert sum(seen) == 120 and max(seen) == 1


def test_encoders_and_frames_are_freed_without_the_garbage_collector(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(40))

    def alive():
        kinds = (av.VideoFrame, av.CodecContext)
        return [sum(isinstance(one, kind) for one in gc.get_objects()) for kind in kinds]

    gc.collect()
    gc.disable()
    try:
        before = alive()
        upscale(source, tmp_path / 'b.mp4', Nearest(), job=JobOptions(segment_length=4))
        frames, contexts = np.subtract(alive(), before)
    finally:
        gc.enable()
    # The probed frame and its display matrix may remain.
    assert frames <= 4 and contexts <= 4
