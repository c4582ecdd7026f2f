"""Sources whose times do not begin at 0, and edit lists."""

import av
import numpy as np
import pytest
from videos import Nearest, grey_frames, heard, moved, read_clip, sound_packets, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.inference.job.options import JobOptions, OutputOptions, SourceOptions

TARGETS = ['b.mp4', 'b.mov', 'b.mkv', 'b.ts', 'b.flv']


@pytest.fixture(scope='module')
def clip(tmp_path_factory):
    """A second of frames that brighten, and of sound."""
    return write_clip(tmp_path_factory.mktemp('clip') / 'a.mp4', grey_frames(25, 48, 64), tracks=1)


def beginnings(path):
    """Start of a file and the times of its first frame and first packet of sound."""
    with av.open(str(path)) as container:
        start = (container.start_time or 0) / av.time_base
    return start, read_clip(path)[0][0], sound_packets(path)[0][0]


@pytest.mark.parametrize('target', TARGETS)
@pytest.mark.parametrize('name', ['late.ts', 'late.mkv', 'late.mov'])
def test_the_output_begins_at_0(clip, tmp_path, name, target):
    source = moved(clip, tmp_path / name, 3600)
    upscale(source, tmp_path / target, Nearest(), output=OutputOptions(crf=2))
    start, picture, sound = beginnings(tmp_path / target)
    _, old_picture, old_sound = beginnings(source)
    assert old_picture > 3599
    assert start == pytest.approx(0, abs=2e-3)
    assert picture - sound == pytest.approx(old_picture - old_sound, abs=2e-3)
    times, frames, _ = read_clip(tmp_path / target)
    assert np.subtract(times, times[0]) == pytest.approx([i / 25 for i in range(25)], abs=2e-3)
    assert frames.mean((1, 2, 3)) == pytest.approx([40 + 3 * i for i in range(25)], abs=2)
    assert len(sound_packets(tmp_path / target)) == len(sound_packets(source))


def test_without_sound_the_first_frame_is_at_0(clip, tmp_path):
    source = moved(clip, tmp_path / 'a.ts', 10)
    with av.open(str(source)) as container:
        assert container.streams.audio[0].start_time < container.streams.video[0].start_time
    upscale(source, tmp_path / 'b.mp4', Nearest(), output=OutputOptions(audio=False))
    assert read_clip(tmp_path / 'b.mp4')[0] == pytest.approx([i / 25 for i in range(25)])


@pytest.mark.parametrize('target', TARGETS)
def test_what_an_edit_list_cuts_stays_cut(clip, tmp_path, target):
    source = moved(clip, tmp_path / 'cut.mp4', -0.4)
    with av.open(str(source)) as container:
        assert sum(packet.is_discard for packet in container.demux()) > 20
    assert heard(source) == pytest.approx((0, 0.6), abs=0.03)
    upscale(source, tmp_path / target, Nearest(), output=OutputOptions(crf=2))
    times, frames, _ = read_clip(tmp_path / target)
    assert times == pytest.approx([i / 25 for i in range(15)], abs=2e-3)
    assert frames.mean((1, 2, 3)) == pytest.approx([40 + 3 * i for i in range(10, 25)], abs=2)
    # Without an edit list of its own, a format has the sound from the first whole packet on.
    assert heard(tmp_path / target) == pytest.approx((0, 0.6), abs=0.03)
    source_times = {data: time for time, data in sound_packets(source)}
    for time, data in sound_packets(tmp_path / target):
        # A transport stream puts a header of seven bytes before each.
        assert time == pytest.approx(source_times[data[7:] if target == 'b.ts' else data], abs=2e-3)


def test_an_interrupted_upscale_keeps_sound_as_long_as_its_frames(clip, tmp_path):
    source = moved(clip, tmp_path / 'a.ts', 100)

    class Stopped(Nearest):
        left = 12

        def forward(self, lqs):
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().forward(lqs)

    with pytest.raises(KeyboardInterrupt):
        upscale(source, tmp_path / 'b.mp4', Stopped(), job=JobOptions(segment_length=5))
    times, _, _ = read_clip(tmp_path / 'b.mp4')
    assert 5 <= len(times) <= 12
    assert heard(tmp_path / 'b.mp4')[1] == pytest.approx(times[-1] + 0.04, abs=0.03)


def test_a_span_of_a_late_video(clip, tmp_path):
    source = moved(clip, tmp_path / 'a.mkv', 50)
    upscale(source, tmp_path / 'b.mkv', Nearest(), part=SourceOptions(duration=0.4), output=OutputOptions(crf=2))
    times, frames, _ = read_clip(tmp_path / 'b.mkv')
    assert len(times) == 10
    assert times[0] == pytest.approx(0, abs=0.03)
    assert heard(tmp_path / 'b.mkv') == pytest.approx((0, 0.4), abs=0.05)
