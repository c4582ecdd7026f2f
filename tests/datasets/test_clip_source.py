import av
import cv2
import numpy as np
import pytest

from vsr_plugins.datasets.clip_source import ClipSource
from vsr_plugins.media.images.image_files import UnreadableError
from vsr_plugins.visualization.video import write_video

FRAMES = [np.full((16, 24, 3), 20 * i, np.uint8) for i in range(11)]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'clip').mkdir()
    for i, frame in enumerate(FRAMES):
        cv2.imwrite(str(tmp_path / f'clip/{i}.png'), frame)
    (tmp_path / 'clip/notes.txt').touch()
    return tmp_path / 'clip'


@pytest.fixture
def video(tmp_path):
    return write_video(FRAMES, tmp_path / 'clip.mp4', 25, crf=0)


@pytest.mark.parametrize('kind', ['folder', 'video'])
def test_segments(kind, request):
    source = ClipSource(request.getfixturevalue(kind))
    assert source.count() == 11
    for start, stop in ((0, 3), (4, 6), (9, 20), (8, None), (11, 12)):
        found = [round(frame.mean() / 20) for frame in source.read(start, stop)]
        assert found == list(range(11))[start:stop]


def test_frames_must_have_one_size(folder):
    cv2.imwrite(str(folder / '7.png'), np.zeros((18, 24, 3), np.uint8))
    source = ClipSource(folder)
    assert len(source.read(2, 5)) == 3
    with pytest.raises(UnreadableError, match=r'7\.png .*24x18.*2\.png .*24x16'):
        source.read(7, 8)


def test_key_frames_of_a_folder_are_evenly_spaced(folder):
    assert ClipSource(folder).key_frames(2) == [2, 8]
    assert ClipSource(folder).key_frames(2, range(7)) == [8, 10]


def test_key_frames_of_a_video_are_its_i_frames(tmp_path):
    with av.open(str(tmp_path / 'clip.avi'), 'w') as container:
        stream = container.add_stream('mpeg4', rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 24, 16, 'yuv420p', 4
        for _ in range(11):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(FRAMES[0], format='rgb24')))
        container.mux(stream.encode())
    assert ClipSource(tmp_path / 'clip.avi').key_frames(3) == [0, 4, 8]
    assert ClipSource(tmp_path / 'clip.avi').key_frames(2, range(3)) == [4, 8]


def test_other_paths_raise(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere'):
        ClipSource(tmp_path / 'nowhere')
    with pytest.raises(ValueError, match='images'):
        ClipSource(tmp_path)
    (tmp_path / 'broken.mp4').write_bytes(b'no video')
    with pytest.raises(UnreadableError, match='broken.mp4'):
        ClipSource(tmp_path / 'broken.mp4').read(0, 3)
