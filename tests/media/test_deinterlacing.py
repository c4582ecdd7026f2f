"""Interlaced video becomes progressive, frame for frame."""

from fractions import Fraction

import av
import numpy as np
import pytest
from videos import Nearest, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.cli import main
from vsr_plugins.inference.job.options import OutputOptions, SourceOptions
from vsr_plugins.media.reading.deinterlacing import deinterlaced


def edge(position, height=48, width=96):
    """A bright field to the left of a position, dark to its right."""
    frame = np.full((height, width, 3), 60, np.uint8)
    frame[:, :position] = 190
    return frame


def write_interlaced(path, count=12):
    """An edge moves by 3 pixels a field, upper field first."""
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('mpeg2video', rate=25, options={'flags': '+ildct+ilme', 'qmin': '1', 'qmax': '1'})
        stream.height, stream.width, stream.pix_fmt = 48, 96, 'yuv420p'
        for number in range(count):
            pixels = edge(10 + 6 * number)
            pixels[1::2] = edge(13 + 6 * number)[1::2]
            frame = av.VideoFrame.from_ndarray(pixels, format='rgb24').reformat(format='yuv420p')
            frame.pts, frame.time_base = number, Fraction(1, 25)
            # FFmpeg's encoder takes whether fields differ from the flag of the frame.
            container.mux(stream.encode(_flagged(frame, True)))
        container.mux(stream.encode(None))
    return path


def _flagged(frame, is_interlaced):
    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or 1
    )
    mode = 'tff' if is_interlaced else 'prog'
    graph.link_nodes(source, graph.add('setfield', mode), graph.add('buffersink')).configure()
    graph.vpush(frame)
    return graph.vpull()


def combing(frames):
    """How much neighbouring rows differ more than rows of the same field; 0 for a progressive edge."""
    luma = frames.astype(float).mean(-1)
    near, same = np.abs(np.diff(luma, axis=1)).mean(), np.abs(luma[:, 2:] - luma[:, :-2]).mean()
    return near - same


@pytest.fixture
def source(tmp_path):
    path = write_interlaced(tmp_path / 'a.mpg')
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert all(frame.interlaced_frame for frame in frames) and len(frames) == 12
    assert combing(read_clip(path)[1]) > 3
    return path


def test_fields_no_longer_comb_and_frames_keep_their_times(source, tmp_path, caplog):
    upscale(source, tmp_path / 'b.mkv', Nearest(1), output=OutputOptions(codec='ffv1'))
    times, frames, _ = read_clip(tmp_path / 'b.mkv')
    assert len(frames) == 12
    assert np.diff(times) == pytest.approx(0.04, abs=2e-3)
    assert combing(frames[1:-1]) < 0.5
    # Each frame shows the moment of its first field.
    bright = [(frame[24, :, 1] > 125).sum() for frame in frames[1:-1]]
    assert bright == pytest.approx([10 + 6 * number for number in range(1, 11)], abs=1)
    (line,) = [record.getMessage() for record in caplog.records]
    assert 'deinterlaced' in line
    with av.open(str(tmp_path / 'b.mkv')) as container:
        assert not any(frame.interlaced_frame for frame in container.decode(video=0))


def test_fields_are_kept_on_request(source, tmp_path):
    part = SourceOptions(deinterlace=False)
    upscale(source, tmp_path / 'b.mkv', Nearest(1), part=part, output=OutputOptions(codec='ffv1'))
    assert combing(read_clip(tmp_path / 'b.mkv')[1]) > 3
    arguments = ['upscale', str(source), str(tmp_path / 'c.mkv'), '--model', 'bicubic', '--deinterlace', 'off']
    assert main(arguments) == 0


def test_progressive_frames_among_interlaced_ones_are_untouched():
    time_base = Fraction(1, 25)
    frames = []
    for number in range(12):
        is_interlaced = number in range(5, 9)
        pixels = edge(10 + 6 * number)
        if is_interlaced:
            pixels[1::2] = edge(13 + 6 * number)[1::2]
        frame = av.VideoFrame.from_ndarray(pixels, format='rgb24').reformat(format='yuv420p')
        frame.pts, frame.time_base = number, time_base
        frames.append(_flagged(frame, is_interlaced))
    before = [frame.to_ndarray() for frame in frames]
    after = list(deinterlaced(frames, time_base))
    assert [frame.pts for frame in after] == list(range(12))
    same = [bool(np.array_equal(one, other.to_ndarray())) for one, other in zip(before, after, strict=True)]
    assert same == [number not in range(5, 9) for number in range(12)]


def test_a_span_of_interlaced_video(source, tmp_path):
    part = SourceOptions(start=0.2, duration=0.12)
    upscale(source, tmp_path / 'b.mkv', Nearest(1), part=part, output=OutputOptions(codec='ffv1'))
    times, frames, _ = read_clip(tmp_path / 'b.mkv')
    assert times == pytest.approx([0, 0.04, 0.08], abs=2e-3)
    bright = [(frame[24, :, 1] > 125).sum() for frame in frames]
    assert bright == pytest.approx([10 + 6 * number for number in (5, 6, 7)], abs=1)


def test_a_frame_of_each_field(source, tmp_path, caplog):
    part = SourceOptions(deinterlace='fields')
    upscale(source, tmp_path / 'b.mkv', Nearest(1), part=part, output=OutputOptions(codec='ffv1'))
    times, frames, about = read_clip(tmp_path / 'b.mkv')
    assert len(frames) == 24 and about['rate'] == 50
    assert np.diff(times) == pytest.approx(0.02, abs=2e-3)
    assert combing(frames[1:-1]) < 0.5
    # Each field shows the edge 3 pixels further on.
    bright = [(frame[24, :, 1] > 125).sum() for frame in frames[2:-2]]
    assert bright == pytest.approx([10 + 3 * number for number in range(2, 22)], abs=1)
    assert 'twice as many' in caplog.records[0].getMessage()


@pytest.mark.parametrize('name', ['a.mpg', 'a.avi', 'a.mkv', 'a.ts', 'a.mp4'])
def test_a_span_of_fields_in_every_format(tmp_path, name):
    source = write_interlaced(tmp_path / name)
    part = SourceOptions(start=0.2, duration=0.12, deinterlace='fields')
    upscale(source, tmp_path / 'b.mkv', Nearest(1), part=part, output=OutputOptions(codec='ffv1'))
    times, frames, _ = read_clip(tmp_path / 'b.mkv')
    assert times == pytest.approx([0.02 * number for number in range(6)], abs=2e-3)
    bright = [(frame[24, :, 1] > 125).sum() for frame in frames]
    assert bright == pytest.approx([10 + 3 * number for number in range(10, 16)], abs=1)


def test_progressive_video_keeps_its_frames(tmp_path):
    source = write_clip(tmp_path / 'a.mp4', [edge(10 + 6 * number) for number in range(6)])
    part = SourceOptions(deinterlace='fields')
    upscale(source, tmp_path / 'b.mkv', Nearest(1), part=part, output=OutputOptions(codec='ffv1'))
    assert len(read_clip(tmp_path / 'b.mkv')[0]) == 6
    with pytest.raises(ValueError, match='field'):
        SourceOptions(deinterlace='field')


def test_progressive_frames_among_fields_are_shown_twice_as_long():
    frames = []
    for number in range(6):
        frame = av.VideoFrame.from_ndarray(edge(10 + 6 * number), format='rgb24').reformat(format='yuv420p')
        frame.pts, frame.time_base, frame.duration = number, Fraction(1, 25), 1
        frames.append(_flagged(frame, number in (2, 3)))
    made = list(deinterlaced(frames, Fraction(1, 25), per_field=True))
    assert [frame.pts for frame in made] == [0, 2, 4, 5, 6, 7, 8, 10]
