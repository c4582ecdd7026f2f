"""Recordings of broadcasts and DVDs: tracks that begin late or never, and damaged packets."""

import av
import numpy as np
import pytest
from videos import Nearest, gradient, grey_frames, read_clip, write_clip

from vsr_plugins.apis import upscale
from vsr_plugins.media import video_files
from vsr_plugins.media.video_files import demuxed, open_media


def write_late(path, codec, late, seconds=10):
    """A film whose sound begins late; its file declares the track at its beginning."""
    with av.open(str(path), 'w') as container:
        video = container.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = 48, 32, 'yuv420p'
        sound = container.add_stream('mp2', rate=48000, layout='stereo')
        for number in range(25 * seconds):
            frame = av.VideoFrame.from_ndarray(gradient(), format='rgb24')
            frame.pts = number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for first in range(round(late * 48000), seconds * 48000, 1152):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 2304), np.int16), format='s16', layout='stereo')
            frame.sample_rate, frame.pts = 48000, first
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    return path


@pytest.mark.parametrize(('name', 'codec'), [('a.ts', 'libx264'), ('a.mpg', 'mpeg1video'), ('a.vob', 'mpeg2video')])
@pytest.mark.parametrize('target', ['b.mkv', 'b.mp4'])
def test_sound_that_begins_late_is_kept(tmp_path, name, codec, target):
    source = write_late(tmp_path / name, codec, late=8)
    upscale(source, tmp_path / target, Nearest())
    with av.open(str(tmp_path / target)) as container:
        frames = [frame for frame in container.decode(audio=0) if frame.pts is not None]
        # Copied, it begins at 8 s; transcoded, it is filled up.
        end = frames[-1].time + frames[-1].samples / frames[-1].sample_rate
    assert end == pytest.approx(10, abs=0.1)
    assert len(read_clip(tmp_path / target)[0]) == 250


def test_sound_of_which_only_the_codec_is_known_is_kept(tmp_path, monkeypatch):
    source = write_late(tmp_path / 'a.ts', 'libx264', late=8)
    monkeypatch.setattr(video_files, 'PROBING', {'probesize': '32000', 'analyzeduration': '100000'})
    with open_media(source) as container:
        assert container.streams.audio[0].codec_context.sample_rate == 0
    upscale(source, tmp_path / 'b.mkv', Nearest())
    with av.open(str(tmp_path / 'b.mkv')) as container:
        last = list(container.decode(audio=0))[-1]
    assert last.time + last.samples / last.sample_rate == pytest.approx(10, abs=0.1)


def test_a_track_without_any_sound_is_left_out(tmp_path):
    source = write_late(tmp_path / 'a.ts', 'libx264', late=1, seconds=1)
    upscale(source, tmp_path / 'b.mp4', Nearest())
    with av.open(str(tmp_path / 'b.mp4')) as container:
        assert [stream.type for stream in container.streams] == ['video']


class TracksWithin:
    """Stands for a container of PyAV in which a stream begins within the file."""

    def demux(self, *streams):
        yield from 'ab'
        raise IndexError('list index out of range')


def test_a_stream_that_begins_within_the_file_disturbs_no_other():
    assert list(demuxed(TracksWithin())) == ['a', 'b']


@pytest.mark.parametrize('target', ['b.mkv', 'b.mp4'])
def test_damaged_packets_of_sound_are_left_out(tmp_path, caplog, target):
    source = write_clip(tmp_path / 'a.ts', grey_frames(50), tracks=1)
    data = bytearray(source.read_bytes())
    with open_media(source) as container:
        packets = [packet for packet in container.demux(audio=0) if packet.size]
    # A frame whose header, after its mark, is not valid.
    for packet in packets[40:44]:
        at = data.index(bytes(packet)[:40])
        data[at + 2] = 0xFF
    source.write_bytes(data)
    upscale(source, tmp_path / target, Nearest())
    assert len(read_clip(tmp_path / target)[0]) == 50
    with av.open(str(tmp_path / target)) as container:
        count = sum(1 for packet in container.demux(audio=0) if packet.size)
    assert len(packets) - 8 <= count < len(packets)
    assert 'damaged' in caplog.text
