"""What players ask of a file: levels, chroma, pixel format, codec tag, index first; encoders and their options."""

import av
import numpy as np
import pytest
from videos import Nearest, gradient, grey_frames, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.cli import main
from vsr_plugins.inference.job.options import JobOptions, OutputOptions
from vsr_plugins.media.encoding.planning import list_encoders
from vsr_plugins.media.reading.decoding import RgbReader

# Greys over the full range, as wide as blocks of codecs.
STEPS = np.repeat(np.linspace(0, 255, 8).round().astype(np.uint8), 16)


def levels(path, scale=1):
    """Grey in the middle of each step of the first frame."""
    with av.open(str(path)) as container:
        frame = next(container.decode(container.streams.video[0]))
        return RgbReader()(frame)[16 * scale, 8 * scale :: 16 * scale].mean(1)


@pytest.fixture(scope='module')
def steps(tmp_path_factory):
    """Steps of grey in a source of limited range and in one of full range."""
    folder = tmp_path_factory.mktemp('steps')
    frames = [np.repeat(np.broadcast_to(STEPS, (32, 128))[..., None], 3, 2)] * 8
    made = {
        'limited': write_clip(folder / 'limited.mkv', frames, 'ffv1', colors=(1, 6)),
        'full': write_clip(folder / 'full.mkv', frames, 'ffv1', colors=(2, 6)),
        'mjpeg': write_clip(
            folder / 'mjpeg.avi', frames, 'mjpeg', colors=(2, 6), options={'flags': '+qscale', 'global_quality': '118'}
        ),
    }
    for path in made.values():
        assert levels(path) == pytest.approx(STEPS[::16], abs=1)
    return made


@pytest.mark.parametrize('source', ['limited', 'full', 'mjpeg'])
@pytest.mark.parametrize(
    ('codec', 'name', 'crf'),
    [
        ('libx264', 'b.mp4', 1),
        ('libx264', 'b.ts', 1),
        ('libx265', 'b.mkv', 1),
        ('libvpx-vp9', 'b.webm', 1),
        ('libvpx', 'b.webm', 4),
        ('libsvtav1', 'b.mp4', 4),
        ('prores_ks', 'b.mov', None),
        ('prores_ks', 'b.mkv', None),
        ('dnxhd', 'b.mov', None),
        ('ffv1', 'b.mkv', None),
        ('ffv1', 'b.avi', None),
        ('huffyuv', 'b.avi', None),
        ('mjpeg', 'b.avi', 1),
        ('mjpeg', 'b.mov', 1),
        ('mpeg4', 'b.mp4', 1),
        ('mpeg4', 'b.avi', 1),
        ('mpeg2video', 'b.ts', 1),
        ('flv', 'b.flv', 1),
        (None, 'b.y4m', None),
    ],
)
def test_levels_are_those_of_the_source_for_every_codec_and_range(steps, tmp_path, source, codec, name, crf):
    options = {'profile': 'dnxhr_hq'} if codec == 'dnxhd' else {}
    # DNxHR takes no smaller frames.
    scale = 8 if codec == 'dnxhd' else 2
    upscale(
        steps[source],
        tmp_path / name,
        Nearest(scale),
        output=OutputOptions(codec=codec, crf=crf, encoder_options=options),
    )
    assert levels(tmp_path / name, scale) == pytest.approx(levels(steps[source]), abs=1)


def waves(path, codec, container_options=None):
    """Write a wave in luma and in chroma, in phase for players: chroma is on the even columns."""
    height, width, period = 64, 96, 24
    with av.open(str(path), 'w') as container:
        stream = container.add_stream(codec, rate=25, options=container_options or {})
        stream.height, stream.width, stream.pix_fmt = height, width, 'yuv420p'
        for number in range(2):
            frame = av.VideoFrame(width, height, 'yuv420p')
            frame.pts = number
            for plane, step, swing in zip(frame.planes, (1, 2, 2), (60, 60, 0), strict=True):
                pixels = np.zeros((plane.height, plane.line_size), np.uint8)
                row = 128 + swing * np.sin(2 * np.pi * step * np.arange(plane.width) / period)
                pixels[:, : plane.width] = row.round()
                plane.update(pixels.tobytes())
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def delay_of_chroma(path, period, offset=0.0):
    """Pixels by which the wave of chroma lies to the right of that of luma, for chroma at even columns + offset."""
    with av.open(str(path)) as container:
        frame = next(container.decode(container.streams.video[0]))
    phases = []
    for plane, step in ((frame.planes[0], 1), (frame.planes[1], 2)):
        row = np.frombuffer(bytes(plane), np.uint8).reshape(-1, plane.line_size)[plane.height // 2, : plane.width]
        position = np.arange(plane.width) * step + (offset if step == 2 else 0)
        phases.append(np.angle(((row - 128.0) * np.exp(-2j * np.pi * position / period)).sum()))
    return (phases[0] - phases[1]) * period / 2 / np.pi


@pytest.mark.parametrize(
    ('codec', 'name', 'options'),
    [
        ('libx264', 'a.mp4', {'crf': '2'}),
        ('libvpx', 'a.webm', {'b': '4M'}),
        ('libvpx-vp9', 'a.webm', {'lossless': '1'}),
        ('libsvtav1', 'a.mp4', {'crf': '4', 'svtav1-params': 'film-grain=0'}),
        ('flv', 'a.flv', {'b': '4M'}),
        ('ffv1', 'a.mkv', {}),
        ('mpeg2video', 'a.ts', {'b': '4M'}),
    ],
)
def test_chroma_stays_where_players_see_it(tmp_path, monkeypatch, codec, name, options):
    monkeypatch.setenv('SVT_LOG', '1')
    source = waves(tmp_path / name, codec, options)
    assert delay_of_chroma(source, 24) == pytest.approx(0, abs=0.1)
    upscale(source, tmp_path / 'b.mp4', Bicubic(), output=OutputOptions(codec='libx264', crf=2))
    assert delay_of_chroma(tmp_path / 'b.mp4', 96) == pytest.approx(0, abs=0.4)


def test_y4m_has_chroma_where_its_header_says(tmp_path):
    source = waves(tmp_path / 'a.mkv', 'ffv1')
    upscale(source, tmp_path / 'b.y4m', Bicubic())
    assert b'C420jpeg' in (tmp_path / 'b.y4m').read_bytes()[:100]
    assert delay_of_chroma(tmp_path / 'b.y4m', 96, offset=0.5) == pytest.approx(0, abs=0.2)


class Bicubic(Nearest):
    """Enlarges four times without moving anything."""

    def __init__(self):
        super().__init__(4)

    def forward(self, lqs):
        import torch.nn.functional as F

        pictures = F.interpolate(lqs.flatten(0, 1), scale_factor=4, mode='bicubic', align_corners=False)
        return pictures.unflatten(0, lqs.shape[:2])


@pytest.mark.parametrize(
    ('pix_fmt', 'codec', 'expected'),
    [
        ('gray', 'rawvideo', 'yuv420p'),
        ('rgb24', 'rawvideo', 'yuv420p'),
        ('gbrp', 'rawvideo', 'yuv420p'),
        ('gbrp10le', 'rawvideo', 'yuv420p10le'),
        ('yuv444p', 'rawvideo', 'yuv444p'),
    ],
)
def test_what_is_not_yuv_becomes_4_2_0_for_players(tmp_path, pix_fmt, codec, expected):
    source = write_clip(tmp_path / 'a.nut', [gradient()] * 2, codec, pix_fmt=pix_fmt)
    upscale(source, tmp_path / 'b.mp4', Nearest())
    _, _, about = read_clip(tmp_path / 'b.mp4')
    assert (about['codec'], about['pix_fmt']) == ('h264', expected)
    # Codecs of workshops keep all chroma, and others do on request.
    upscale(source, tmp_path / 'b.mkv', Nearest(), output=OutputOptions(codec='ffv1'))
    assert read_clip(tmp_path / 'b.mkv')[2]['pix_fmt'].startswith('yuv444p')
    upscale(source, tmp_path / 'c.mp4', Nearest(), output=OutputOptions(pix_fmt='yuv444p'))
    assert read_clip(tmp_path / 'c.mp4')[2]['pix_fmt'] == 'yuv444p'
    with pytest.raises(ValueError, match=r"'yuv999p'.*yuv420p"):
        upscale(source, tmp_path / 'd.mp4', Nearest(), output=OutputOptions(pix_fmt='yuv999p'))


@pytest.mark.parametrize('name', ['b.mp4', 'b.mov', 'b.m4v'])
def test_apple_players_take_hevc_and_every_player_can_begin_at_once(tmp_path, name):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(4, 64, 64), tracks=1)
    upscale(source, tmp_path / name, Nearest(), output=OutputOptions(codec='libx265'))
    with av.open(str(tmp_path / name)) as container:
        assert container.streams.video[0].codec_context.codec_tag == 'hvc1'
    content = (tmp_path / name).read_bytes()
    assert 0 < content.index(b'moov') < content.index(b'mdat')
    assert len(read_clip(tmp_path / name)[0]) == 4


@pytest.mark.parametrize('count', [1, 2, 3, 5])
def test_the_last_segment_may_be_short(tmp_path, count):
    # Of fewer than three frames, x265 does not define the decoding times.
    source = write_clip(tmp_path / 'a.mkv', grey_frames(count, 64, 64), 'ffv1')
    for attempt in range(6):
        target = tmp_path / f'{attempt}.mp4'
        upscale(source, target, Nearest(), output=OutputOptions(codec='libx265'), job=JobOptions(segment_length=4))
        assert read_clip(target)[0] == pytest.approx([i / 25 for i in range(count)], abs=1e-3)


def test_an_encoder_that_cannot_be_opened_is_named(tmp_path, capsys):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(2), tracks=1)
    opened = [name for name, _, _ in list_encoders()]
    assert {'libx264', 'libx265', 'ffv1'} <= {*opened}
    absent = next((name for name in ('h264_qsv', 'h264_amf', 'h264_nvenc') if name not in opened), None)
    if absent is None:
        pytest.fail('no machine has cards of all three makers')
    assert main(['upscale', str(source), str(tmp_path / 'b.mp4'), '--model', 'bicubic', '--codec', absent]) == 2
    printed = capsys.readouterr().err
    assert absent in printed and 'audio' not in printed and printed.count('\n') == 1
    assert [path.name for path in tmp_path.iterdir()] == ['a.mp4']


def test_an_encoder_that_would_hang_is_not_begun(tmp_path, capsys):
    """SVT-AV1 never returns from frames of four rows, and then takes no signal either."""
    source = write_clip(tmp_path / 'a.mkv', grey_frames(2, 1, 64), codec='ffv1', pix_fmt='bgr0')
    assert main(['upscale', str(source), str(tmp_path / 'b.mkv'), '--model', 'bicubic', '--codec', 'libsvtav1']) == 2
    assert '256x4' in capsys.readouterr().err and not (tmp_path / 'b.mkv').exists()


def test_encoders_of_this_machine_are_listed(capsys):
    assert main(['upscale', '--list-encoders']) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ['libx264', 'h264', '--crf', '0', 'to', '51,', 'default', '17'] in rows
    assert ['ffv1', 'ffv1'] in rows


def test_options_reach_the_encoder(tmp_path, capsys):
    source = write_clip(tmp_path / 'a.mp4', [gradient(64, 96)] * 12)
    arguments = ['upscale', str(source), str(tmp_path / 'b.mp4'), '--model', 'bicubic', '--encoder-options']
    assert main([*arguments, 'g=3', '--encoder-options', 'x264-params=bframes=0']) == 0
    with av.open(str(tmp_path / 'b.mp4')) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [packet.is_keyframe for packet in packets] == [True, False, False] * 4
    assert [packet.pts for packet in packets] == sorted(packet.pts for packet in packets)
    assert main([*arguments, 'colour=blue', '--force']) == 2
    assert "'colour'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, 'slow'])


@pytest.mark.parametrize(
    ('codec', 'given', 'refused'),
    [
        ('libx264', ['preset=nonsense'], ['preset=nonsense']),
        ('libx264', ['g=3', 'crf=abc', 'tune=film'], ['crf=abc']),
        ('libx264', ['g=3', 'preset=nonsense', 'crf=abc'], ['preset=nonsense', 'crf=abc']),
        ('libvpx-vp9', ['deadline=never'], ['deadline=never']),
        ('ffv1', ['slices=5'], ['slices=5']),
        ('prores_ks', ['profile=abc', 'qscale=4'], ['profile=abc']),
    ],
)
def test_an_option_that_the_encoder_refuses_is_named(tmp_path, capsys, codec, given, refused):
    source = write_clip(tmp_path / 'a.mkv', grey_frames(2))
    options = [part for option in given for part in ('--encoder-options', option)]
    assert (
        main(['upscale', str(source), str(tmp_path / 'b.mkv'), '--model', 'bicubic', '--codec', codec, *options]) == 2
    )
    printed = capsys.readouterr().err
    assert [option for option in given if option in printed] == refused
    assert codec in printed and '--list-encoders' not in printed


@pytest.mark.parametrize(('codec', 'name'), [('mpeg4', 'b.avi'), ('mjpeg', 'b.avi'), ('mpeg2video', 'b.ts')])
def test_every_encoder_with_a_quality_is_near_lossless_by_default(tmp_path, codec, name):
    noise = np.random.default_rng(0).integers(60, 190, (32, 48, 1), np.uint8).repeat(3, 2)
    source = write_clip(tmp_path / 'a.mkv', [noise] * 5, 'ffv1')
    upscale(source, tmp_path / name, Nearest(), output=OutputOptions(codec=codec))
    upscale(source, tmp_path / f'low{name}', Nearest(), output=OutputOptions(codec=codec, crf=31))
    luma = [read_clip(tmp_path / one)[1][-1, ::2, ::2].mean(-1) for one in (name, f'low{name}')]
    errors = [np.abs(one - noise[..., 0]).mean() for one in luma]
    assert errors[0] < 2.5 and errors[1] > 3 * errors[0]
