"""A file whose last frame lasts long is whole, though its packets end before its duration; a truncated one is not."""

import av
import numpy as np
import pytest
from videos import write_clip

from vsr_plugins.media.reading.completeness import has_its_end
from vsr_plugins.media.reading.video_reader import VideoReader


def write(folder, name, codec):
    """Six frames of noise, the last of which lasts 3 s."""
    noise = np.random.default_rng(0).integers(0, 255, (6, 32, 48, 3), np.uint8)
    made = write_clip(folder / f'made-{name}', list(noise), codec, options={'g': '1'})
    path = folder / name
    with av.open(str(made)) as source, av.open(str(path), 'w') as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        packets = [packet for packet in source.demux(video=0) if packet.dts is not None]
        for packet in packets:
            if packet is packets[-1]:
                packet.duration = round(3 / packet.time_base)
            packet.stream = stream
            target.mux(packet)
    return path


FILES = [
    ('a.mkv', 'libvpx-vp9'),
    ('a.webm', 'libvpx-vp9'),
    ('a.flv', 'flv'),
    ('a.flv', 'libx264'),
    ('a.wmv', 'wmv2'),
    ('a.avi', 'mpeg4'),
]


@pytest.mark.parametrize(('name', 'codec'), FILES)
def test_a_long_last_frame_is_no_damage(tmp_path, name, codec):
    reader = VideoReader(write(tmp_path, name, codec))
    assert len(list(reader.frames())) == 6
    assert reader.damage is None


@pytest.mark.parametrize(('name', 'codec'), FILES)
@pytest.mark.parametrize('share', [0.001, 0.3])
def test_a_file_that_ends_early_is_damaged(tmp_path, name, codec, share):
    path = write(tmp_path, name, codec)
    content = path.read_bytes()
    # The last frame is whole where only an index behind it is cut.
    path.write_bytes(content[: -max(round(len(content) * share), 3)])
    reader = VideoReader(path)
    assert 2 <= len(list(reader.frames())) <= 6
    # Of a WMV file that is far from whole FFmpeg states no duration.
    assert 'of ' in (reader.damage or 'of ' * (name == 'a.wmv' and share == 0.3))


def test_a_file_that_states_no_size_is_not_known_to_be_whole(tmp_path):
    path = tmp_path / 'a.mkv'
    header = b'\x1a\x45\xdf\xa3\x80'
    for size, is_whole in ((b'\x01' + b'\xff' * 7, False), (b'\x84', True), (b'\x85', False)):
        path.write_bytes(header + b'\x18\x53\x80\x67' + size + b'\xec\x82\0\0')
        assert has_its_end(path, 'matroska,webm') == is_whole
    for content in (b'', b'\x1a', bytes(30), b'RIFF', b'FLV'):
        path.write_bytes(content)
        assert not any(has_its_end(path, name) for name in ('matroska,webm', 'flv', 'asf', 'avi', 'mov,mp4'))
