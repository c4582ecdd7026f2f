"""Limits of file formats, encoders and images."""

import errno
import logging
import os
from fractions import Fraction

import av
import numpy as np
import pytest
import tifffile
from videos import Between, Nearest, gradient, grey_frames, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.cli import main
from vsr_plugins.inference.job.options import JobOptions, OutputOptions
from vsr_plugins.media.encoding.segments import SegmentEncoder
from vsr_plugins.media.images.image_files import UnreadableError, encode_png, read_rgb_deep


@pytest.mark.parametrize('network', [Nearest, Between])
@pytest.mark.parametrize('name', ['out.y4m', 'out.avi'])
def test_formats_of_one_rate_have_the_rate_of_the_source(tmp_path, network, name):
    # The time base is much shorter than a frame.
    source = write_clip(tmp_path / 'a.mp4', grey_frames(8), rate=Fraction(30000, 1001), time_base=Fraction(1, 30000))
    upscale(
        source,
        tmp_path / name,
        network(),
        output=OutputOptions(codec=None if name == 'out.y4m' else 'ffv1'),
        job=JobOptions(segment_length=3),
    )
    times, frames, about = read_clip(tmp_path / name)
    rate = Fraction(30000, 1001) * (1 if network is Nearest else 2)
    assert len(frames) == (8 if network is Nearest else 16)
    assert about['rate'] == rate
    assert times == pytest.approx([float(i / rate) for i in range(len(frames))])


@pytest.mark.parametrize('name', ['b.mp4', 'b.mov', 'b.mkv', 'b.webm', 'b.3gp', 'b.3g2', 'b.f4v'])
def test_times_of_a_variable_rate_are_kept(tmp_path, caplog, name):
    times = [0, 40, 80, 300, 340, 700]
    frames = grey_frames(6)
    source = write_clip(tmp_path / 'a.mkv', frames, time_base=Fraction(1, 1000), times=times, tracks=1)
    upscale(source, tmp_path / name, Nearest())
    assert read_clip(tmp_path / name)[0] == pytest.approx([time / 1000 for time in times], abs=0.002)
    assert not [one for one in caplog.records if 'frame rate' in one.getMessage()]


def test_a_lost_variable_rate_is_warned_about_once(tmp_path, caplog):
    times = [0, 40, 80, 300, 340, 700]
    source = write_clip(tmp_path / 'a.mkv', grey_frames(6), time_base=Fraction(1, 1000), times=times)
    upscale(source, tmp_path / 'b.mp4', Nearest())
    assert not caplog.records
    upscale(source, tmp_path / 'b.y4m', Nearest())
    (warning,) = (record.getMessage() for record in caplog.records)
    assert 'yuv4mpegpipe' in warning
    assert len(read_clip(tmp_path / 'b.y4m')[0]) == 6


def test_y4m_is_coded_by_the_matrix_that_its_readers_assume(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', [gradient(300, 400)] * 2, colors=(1, 6))
    # The output exceeds standard definition; y4m cannot declare that it is nevertheless BT.601.
    upscale(source, tmp_path / 'b.y4m', Nearest(4))
    with av.open(str(tmp_path / 'b.y4m')) as container:
        frame = next(container.decode(video=0))
    frame.colorspace = 1
    pixels = frame.to_ndarray(format='rgb24')[::4, ::4]
    assert np.abs(pixels.astype(int) - gradient(300, 400)).mean() < 1.5


def test_mp4_stores_the_colours_for_a_codec_that_cannot(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', [gradient()] * 3, colors=(2, 1))
    upscale(source, tmp_path / 'b.mp4', Nearest(), output=OutputOptions(codec='ffv1'))
    _, frames, about = read_clip(tmp_path / 'b.mp4')
    assert (about['codec'], about['range'], about['matrix']) == ('ffv1', 2, 1)


def test_transport_streams_take_h264_with_sound(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(12), tracks=1)
    upscale(source, tmp_path / 'b.ts', Nearest())
    times, frames, about = read_clip(tmp_path / 'b.ts')
    assert (about['codec'], about['tracks'], len(frames)) == ('h264', 1, 12)
    assert np.diff(times) == pytest.approx(0.04, abs=1e-4)
    with pytest.raises(ValueError, match='ffv1'):
        upscale(source, tmp_path / 'c.ts', Nearest(), output=OutputOptions(codec='ffv1'))


@pytest.mark.parametrize(
    ('name', 'pix_fmt', 'dtype'), [('out.mp4', 'yuv420p', np.uint8), ('out.mkv', 'yuv420p10le', np.uint16)]
)
def test_hevc_stays_hevc_with_its_bits(tmp_path, name, pix_fmt, dtype):
    frames = [frame.astype(dtype) * (257 if dtype == np.uint16 else 1) for frame in grey_frames(8, 64, 96)]
    options = {'x265-params': 'log-level=error', 'crf': '4'}
    source = write_clip(tmp_path / 'a.mp4', frames, codec='libx265', pix_fmt=pix_fmt, options=options)
    upscale(source, tmp_path / name, Nearest(), output=OutputOptions(crf=0), job=JobOptions(segment_length=3))
    _, coded, _ = read_clip(source)
    times, pixels, about = read_clip(tmp_path / name)
    assert (about['codec'], about['pix_fmt']) == ('hevc', pix_fmt)
    assert times == pytest.approx([i / 25 for i in range(8)], abs=1e-3)
    assert [frame.mean() for frame in coded] == pytest.approx([40 + 3 * i for i in range(8)], abs=3)
    assert np.abs(pixels[:, ::2, ::2].astype(int) - coded).max() <= 2


def test_av1_is_encoded_in_silence(tmp_path, capfd):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(4, 64, 64))
    assert main(['upscale', str(source), str(tmp_path / 'b.mp4'), '--model', 'bicubic', '--codec', 'libsvtav1']) == 0
    out, err = capfd.readouterr()
    assert out == '' and err.startswith(str(tmp_path / 'b.mp4')) and err.count('\n') == 1
    assert read_clip(tmp_path / 'b.mp4')[2]['codec'] == 'av1'


@pytest.mark.parametrize(
    ('codec', 'crf', 'message'),
    [
        ('libx264', -3, '51.*-3'),
        ('libx264', 52, '51.*52'),
        ('libvpx-vp9', 64, '63.*64'),
        ('ffv1', 3, 'ffv1.*--crf.*3'),
    ],
)
def test_a_quality_out_of_range_is_refused(tmp_path, codec, crf, message):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(2))
    with pytest.raises(ValueError, match=message):
        upscale(source, tmp_path / 'b.mkv', Nearest(), output=OutputOptions(codec=codec, crf=crf))
    assert os.listdir(tmp_path) == ['a.mp4']


def test_the_error_of_an_encoder_is_one_line(tmp_path, capsys):
    source = write_clip(tmp_path / 'a.mkv', grey_frames(2, 2, 2), codec='ffv1')
    assert main(['upscale', str(source), str(tmp_path / 'b.mkv'), '--model', 'bicubic', '--codec', 'libx265']) == 2
    printed = capsys.readouterr().err
    assert 'libx265' in printed and '8x8' in printed and printed.count('\n') == 1
    assert os.listdir(tmp_path) == ['a.mkv']


class FullDisk:
    """A file on a disk with ``room`` bytes left."""

    def __init__(self, file, room):
        self.file = file
        self.room = room

    def write(self, data):
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return self.file.write(data)

    def close(self):
        self.file.close()
        if self.room < 0:
            # As Python's buffered files do, which flush again.
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __getattr__(self, name):
        return getattr(self.file, name)


def test_a_full_disk_leaves_nothing_and_names_the_target(tmp_path, monkeypatch, capsys):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(12))
    begin = SegmentEncoder.__init__

    def begin_on_a_full_disk(self, path, spec):
        begin(self, path, spec)
        self._file = FullDisk(self._file, room=500)

    monkeypatch.setattr(SegmentEncoder, '__init__', begin_on_a_full_disk)
    assert main(['upscale', str(source), str(tmp_path / 'b.mp4'), '--model', 'bicubic']) == 2
    printed = capsys.readouterr().err
    assert str(tmp_path / 'b.mp4') in printed and os.strerror(errno.ENOSPC) in printed and printed.count('\n') == 1
    assert os.listdir(tmp_path) == ['a.mp4']


def coded(path, transfer=None, primaries=None, matrix=None, options=None):
    """Write a clip of six frames of H.264 whose header declares these colours."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('libx264', rate=25, options=options or {})
        stream.height, stream.width, stream.pix_fmt = 32, 48, 'yuv420p10le' if transfer else 'yuv420p'
        context = stream.codec_context
        if transfer:
            context.color_range, context.colorspace = 1, matrix
            context.color_trc, context.color_primaries = transfer, primaries
        for pixels in grey_frames(6):
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24').reformat(format=stream.pix_fmt)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(('transfer', 'name'), [(16, 'PQ'), (18, 'HLG')])
def test_hdr_keeps_its_tags_and_is_warned_about(tmp_path, caplog, transfer, name):
    source = coded(tmp_path / 'a.mkv', transfer, primaries=9, matrix=9)
    upscale(source, tmp_path / 'b.mkv', Nearest())
    (warning,) = (record.getMessage() for record in caplog.records)
    assert warning.startswith(f'{source}: ') and name in warning
    with av.open(str(tmp_path / 'b.mkv')) as container:
        frame = next(container.decode(video=0))
    assert (frame.color_trc, frame.color_primaries, frame.colorspace) == (transfer, 9, 9)
    assert frame.format.name == 'yuv420p10le'


def test_interlaced_frames_are_warned_about(tmp_path, caplog):
    source = coded(tmp_path / 'a.mkv', options={'x264-params': 'tff=1'})
    upscale(source, tmp_path / 'b.mkv', Nearest())
    (warning,) = (record.getMessage() for record in caplog.records)
    assert 'interlaced' in warning and 'bwdif' in warning
    upscale(coded(tmp_path / 'c.mkv'), tmp_path / 'd.mkv', Nearest())
    assert [record.levelno for record in caplog.records] == [logging.WARNING]


def test_colours_that_cannot_be_converted_are_named(tmp_path):
    source = coded(tmp_path / 'a.mkv', transfer=1, primaries=1, matrix=8)
    with pytest.raises(UnreadableError, match='matrix 8'):
        upscale(source, tmp_path / 'b.mkv', Nearest())


@pytest.mark.parametrize('byteorder', ['<', '>'])
def test_tiff_images_keep_their_sixteen_bits(tmp_path, byteorder):
    noise = np.random.default_rng(0).integers(0, 2**16, (9, 11, 3), np.uint16)
    (tmp_path / 'in').mkdir()
    tifffile.imwrite(tmp_path / 'in' / '2.tiff', noise, photometric='rgb', byteorder=byteorder, compression=None)
    tifffile.imwrite(tmp_path / 'in' / '10.tif', noise[..., 0], byteorder=byteorder)
    upscale(tmp_path / 'in', tmp_path / 'out', Nearest())
    first, second = (read_rgb_deep(tmp_path / 'out' / name) for name in ('2.png', '10.png'))
    assert np.array_equal(first[::2, ::2], noise)
    assert np.array_equal(second[::2, ::2], np.repeat(noise[..., :1], 3, 2))


def test_tiff_images_of_other_kinds(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (9, 11, 3), np.uint8)
    tifffile.imwrite(tmp_path / 'eight.tif', noise, photometric='rgb')
    assert np.array_equal(read_rgb_deep(tmp_path / 'eight.tif'), noise)
    tifffile.imwrite(tmp_path / 'float.tif', noise / np.float32(255), photometric='rgb')
    with pytest.raises(UnreadableError, match='float32'):
        read_rgb_deep(tmp_path / 'float.tif')
    deep = noise.astype(np.uint16) * 257
    tifffile.imwrite(tmp_path / 'cut.tif', deep, photometric='rgb')
    content = (tmp_path / 'cut.tif').read_bytes()
    (tmp_path / 'cut.tif').write_bytes(content[: len(content) - deep.nbytes // 2])
    with pytest.raises(UnreadableError, match='cut.tif'):
        read_rgb_deep(tmp_path / 'cut.tif')
    assert encode_png(deep)[24] == 16


@pytest.mark.parametrize(('codec', 'pix_fmt'), [('libvpx-vp9', 'yuv420p'), ('libsvtav1', 'yuv420p')])
def test_a_codec_that_a_container_refuses_is_replaced(tmp_path, codec, pix_fmt):
    """FFmpeg's table of .mov has VP9 and AV1, its writer refuses them."""
    source = write_clip(tmp_path / 'a.webm', grey_frames(3, 64, 64), codec, pix_fmt)
    upscale(source, tmp_path / 'b.mov', Nearest())
    with av.open(str(tmp_path / 'b.mov')) as container:
        assert container.streams.video[0].codec_context.codec.canonical_name == 'h264'
    with pytest.raises(ValueError, match='--codec libx264'):
        upscale(source, tmp_path / 'c.mov', Nearest(), output=OutputOptions(codec=codec))


def test_raw_dv_has_the_rate_of_its_frames(tmp_path):
    """FFmpeg's average rate of it is its unit of time."""
    source = write_clip(tmp_path / 'a.dv', grey_frames(3, 576, 720), 'dvvideo', options={})
    upscale(source, tmp_path / 'b.avi', Nearest(1))
    times, frames, about = read_clip(tmp_path / 'b.avi')
    assert about['rate'] == 25 and len(frames) == 3


def boxes(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], 'big')
        yield data[at + 4 : at + 8].decode()
        at += size


@pytest.mark.parametrize('suffix', ['.mp4', '.m4v', '.mov', '.qt', '.3gp', '.3g2', '.f4v'])
@pytest.mark.parametrize('source', ['a.mp4', 'a.png'])
def test_the_index_comes_first(tmp_path, suffix, source):
    if source == 'a.png':
        (tmp_path / source).write_bytes(encode_png(grey_frames(1)[0]))
    else:
        write_clip(tmp_path / source, grey_frames(5), tracks=1)
    upscale(tmp_path / source, tmp_path / f'b{suffix}', Nearest())
    found = list(boxes(tmp_path / f'b{suffix}'))
    assert found.index('moov') < found.index('mdat')
