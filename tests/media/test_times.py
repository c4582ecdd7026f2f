"""Spans of videos, restarting times, and synchronous audio."""

from fractions import Fraction

import av
import numpy as np
import pytest
from videos import Nearest, grey_frames, read_clip, sound_packets, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.inference.job.options import JobOptions, OutputOptions, SourceOptions
from vsr_plugins.media.muxing import mux as muxing
from vsr_plugins.media.reading.open_reader import open_reader
from vsr_plugins.media.reading.video_reader import VideoReader


@pytest.mark.parametrize(
    ('name', 'codec', 'options'),
    [
        ('a.ts', 'libx264', {'g': '24', 'bf': '2'}),
        ('a.mpg', 'mpeg2video', {'g': '24', 'bf': '2'}),
        ('a.avi', 'libx264', {'g': '24', 'bf': '2'}),
        ('a.h264', 'libx264', {'g': '24', 'bf': '0'}),
        ('a.mkv', 'libx264', {'g': '12', 'bf': '3', 'x264-params': 'open-gop=1'}),
    ],
)
def test_a_span_has_every_frame_in_every_format(tmp_path, name, codec, options):
    source = VideoReader(write_clip(tmp_path / name, grey_frames(40, 48, 64, step=5), codec, options=options))
    all_frames = [(frame.pts, frame.pixels) for frame in source.frames()]
    assert len(all_frames) == 40
    with av.open(str(source.path)) as container:
        first = container.streams.video[0].start_time or 0
    for start in (0.21, 0.4, 1.15):
        earliest = first + start / float(source.info.time_base)
        expected = [pixels for pts, pixels in all_frames if pts >= earliest - 0.5]
        read = [frame.pixels for frame in source.frames(start=start)]
        assert len(read) == len(expected) == source.count(start)
        assert all(np.array_equal(one, other) for one, other in zip(read, expected, strict=True))


def test_a_span_begins_with_the_long_frame_that_is_on_the_screen(tmp_path):
    source_times = [0, 100, 150, 900, 2000, 2040, 2080]
    source = write_clip(
        tmp_path / 'a.mkv', grey_frames(7, 48, 64, step=20), time_base=Fraction(1, 1000), times=source_times, tracks=1
    )
    for start, duration, expected, greys in (
        (0.5, None, [0, 0.4, 1.5, 1.54, 1.58], [80, 100, 120, 140, 160]),
        (1, 0.5, [0], [100]),
        (2.04, None, [0, 0.04], [140, 160]),
    ):
        upscale(
            source,
            tmp_path / 'b.mkv',
            Nearest(),
            part=SourceOptions(start=start, duration=duration),
            output=OutputOptions(crf=2),
            job=JobOptions(force=True),
        )
        times, frames, _ = read_clip(tmp_path / 'b.mkv')
        # The audio of the first frame may begin a little earlier, which shifts all streams.
        assert np.subtract(times, times[0]) == pytest.approx(expected, abs=2e-3)
        assert frames.mean((1, 2, 3)) == pytest.approx(greys, abs=2)


@pytest.mark.parametrize(
    ('start', 'duration', 'expected', 'length'),
    [
        (15, None, [0, 5, 15, 25], 35),
        (15, 3, [0], 3),
        (15, 17, [0, 5, 15], 17),
        (20, 5, [0], 5),
        (0, 25, [0, 10, 20], 25),
        (44, 3, [0], 3),
    ],
)
def test_a_span_of_a_film_with_few_frames_has_its_length(tmp_path, start, duration, expected, length):
    source = write_clip(tmp_path / 'a.mkv', grey_frames(5, 48, 64, step=20), rate=Fraction(1, 10))
    upscale(source, tmp_path / 'b.mp4', Nearest(), part=SourceOptions(start, duration))
    times, _, about = read_clip(tmp_path / 'b.mp4')
    assert times == pytest.approx(expected, abs=2e-3)
    assert float(about['duration'] * about['time_base']) == pytest.approx(length, abs=2e-3)


@pytest.fixture
def twice(tmp_path):
    """A second of video and audio, twice; the times restart in between."""
    once = write_clip(tmp_path / 'a.ts', grey_frames(25, 48, 64), tracks=1)
    (tmp_path / 'twice.ts').write_bytes(once.read_bytes() * 2)
    return tmp_path / 'twice.ts'


@pytest.mark.parametrize('name', ['b.mp4', 'b.mkv'])
def test_restarting_times_are_made_continuous(twice, tmp_path, name, caplog):
    upscale(twice, tmp_path / name, Nearest(), job=JobOptions(segment_length=10))
    times, frames, _ = read_clip(tmp_path / name)
    assert len(frames) == 50
    assert np.diff(times) == pytest.approx([0.04] * 49, abs=2e-3)
    sound = [time for time, _ in sound_packets(tmp_path / name)]
    assert len(sound) == len(sound_packets(twice))
    # The second half is as synchronous as the first.
    assert sound[len(sound) // 2] - sound[0] == pytest.approx(1, abs=2e-3)
    assert sound == sorted(sound)


def test_a_span_after_restarting_times(twice, tmp_path):
    upscale(
        twice, tmp_path / 'b.mp4', Nearest(), part=SourceOptions(start=1.2, duration=0.4), output=OutputOptions(crf=2)
    )
    times, frames, _ = read_clip(tmp_path / 'b.mp4')
    assert times == pytest.approx([0.04 * i for i in range(10)], abs=1e-3)
    assert frames.mean((1, 2, 3)) == pytest.approx([40 + 3 * i for i in range(5, 15)], abs=2)
    sound = [time for time, _ in sound_packets(tmp_path / 'b.mp4')]
    assert sound[0] == pytest.approx(0, abs=0.03) and sound[-1] == pytest.approx(0.4, abs=0.03)


@pytest.mark.parametrize('name', ['b.mp4', 'b.mkv', 'b.avi'])
def test_audio_that_steps_back_is_kept_and_warned_about_once(tmp_path, name, caplog, monkeypatch):
    source = write_clip(tmp_path / 'a.mkv', grey_frames(25, 48, 64), tracks=1)
    aux_packets = muxing._aux_packets

    # No available muxer writes such a file; recorders that lose packets do.
    def stepping_back(*args, **options):
        for number, packet in enumerate(aux_packets(*args, **options)):
            if number in (20, 21, 22):
                packet.pts = packet.dts = packet.dts - 200
            yield packet

    monkeypatch.setattr(muxing, '_aux_packets', stepping_back)
    upscale(source, tmp_path / name, Nearest(), output=OutputOptions(codec='ffv1'))
    # The packet before 0 is not heard; AVI has no way to say so.
    kept = [time for time, _ in sound_packets(source) if time >= 0 or name != 'b.avi']
    assert len(sound_packets(tmp_path / name)) == len(kept)
    (warning,) = (record.getMessage() for record in caplog.records)
    assert 'audio' in warning


def test_a_video_that_begins_late_stays_synchronous_in_formats_of_one_rate(tmp_path):
    late = [2000 + 40 * i for i in range(25)]
    source = write_clip(tmp_path / 'a.mkv', grey_frames(25, 48, 64), time_base=Fraction(1, 1000), times=late, tracks=1)
    upscale(source, tmp_path / 'b.avi', Nearest())
    source_times = {data: time for time, data in sound_packets(source)}
    first = read_clip(source)[0][0]
    for time, data in sound_packets(tmp_path / 'b.avi')[:-1]:
        assert source_times[data] - first == pytest.approx(time, abs=0.03)


def test_a_failed_mux_keeps_the_restored_segments(tmp_path, monkeypatch):
    source = write_clip(tmp_path / 'a.mp4', grey_frames(6), tracks=1)
    with monkeypatch.context() as patch:

        def fail(*args):
            raise av.error.InvalidDataError(1094995529, 'Invalid data found when processing input', 'b.mp4')

        patch.setattr('vsr_plugins.inference.job.upscale_job.mux', fail)
        with pytest.raises(ValueError, match='--resume --audio none'):
            upscale(source, tmp_path / 'b.mp4', Nearest())
    assert (
        upscale(
            source, tmp_path / 'b.mp4', Nearest(), output=OutputOptions(audio=False), job=JobOptions(resume=True)
        ).read
        == 0
    )
    assert len(read_clip(tmp_path / 'b.mp4')[0]) == 6


def test_names_with_a_colon_are_not_urls(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_clip(tmp_path / 'a.mp4', grey_frames(3), tracks=1).rename('Movie: sequel.mp4')
    upscale('Movie: sequel.mp4', 'http:x.mp4', Nearest())
    upscale('http:x.mp4', 'concat:b.mkv', Nearest())
    assert len(read_clip(tmp_path / 'concat:b.mkv')[0]) == 3


def test_metadata_that_are_not_utf_8_are_read(tmp_path):
    clip = write_clip(tmp_path / 'a.avi', grey_frames(3, 48, 64), 'mpeg4', tags={'title': 'CAFEX'}, options={'g': '1'})
    (tmp_path / 'b.avi').write_bytes(clip.read_bytes().replace(b'CAFEX', b'CAF\xe9X'))
    upscale(tmp_path / 'b.avi', tmp_path / 'c.mkv', Nearest())
    assert read_clip(tmp_path / 'c.mkv')[2]['tags']['title'] == 'CAF\N{REPLACEMENT CHARACTER}X'


@pytest.mark.parametrize('codec', ['libx264', 'mpeg4'])
def test_frames_of_avi_have_equal_durations_with_and_without_b_frames(tmp_path, codec):
    options = {'crf': '5', 'bf': '3', 'b-adapt': '0'} if codec == 'libx264' else {'bf': '2', 'q': '1'}
    source = write_clip(tmp_path / 'a.avi', grey_frames(12, step=16), codec, options=options)
    reader = open_reader(source)
    assert [(frame.pts, frame.duration) for frame in reader.frames()] == [(number, 1) for number in range(12)]
    upscale(source, tmp_path / 'b.mkv', Nearest())
    times, frames, _ = read_clip(tmp_path / 'b.mkv')
    assert np.diff(times) == pytest.approx([0.04] * 11)
    assert np.abs(frames.mean((1, 2, 3)) - np.arange(40, 232, 16)).max() < 6
