from fractions import Fraction

import av
import numpy as np
import pytest

from vsr_plugins.visualization.video import write_video


def moving_bar(count, height, width):
    frames = np.full((count, height, width, 3), 40, np.uint8)
    for number, frame in enumerate(frames):
        frame[:, 4 * number : 4 * number + 8] = (200, 120, 60)
    return frames


@pytest.mark.parametrize('size', [(32, 48), (33, 47)])
def test_a_written_video_reads_back(tmp_path, size):
    frames = moving_bar(6, *size)
    path = write_video(frames, tmp_path / 'clip.mp4', fps=Fraction(30000, 1001), crf=1)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == Fraction(30000, 1001)
        decoded = [frame.to_ndarray(format='rgb24') for frame in container.decode(stream)]
    assert len(decoded) == 6
    for frame, back in zip(frames, decoded, strict=True):
        assert back.shape[0] % 2 == 0 and back.shape[1] % 2 == 0
        # Chroma is stored at half size: the inside of the bar keeps its colour.
        assert np.abs(back[: size[0], : size[1]].astype(int) - frame)[:, ::2].mean() < 6
    assert [entry.name for entry in tmp_path.iterdir()] == ['clip.mp4']


def test_an_existing_file_is_kept_unless_asked(tmp_path):
    path = tmp_path / 'clip.mp4'
    path.write_bytes(b'mine')
    with pytest.raises(FileExistsError, match='clip.mp4'):
        write_video(moving_bar(2, 8, 8), path, fps=25)
    assert path.read_bytes() == b'mine'
    write_video(moving_bar(2, 16, 16), path, fps=25, overwrite=True)
    assert path.stat().st_size > 100


@pytest.mark.parametrize(
    ('frames', 'message'),
    [
        ([], 'none'),
        ([np.zeros((16, 16, 3), np.uint8), np.zeros((16, 18, 3), np.uint8)], r'\(16, 18, 3\)'),
        ([np.zeros((16, 16, 3), np.float32)], 'float32'),
        ([np.zeros((16, 16), np.uint8)], r'\(16, 16\)'),
    ],
)
def test_wrong_frames_leave_no_file(tmp_path, frames, message):
    with pytest.raises(ValueError, match=message):
        write_video(frames, tmp_path / 'clip.mp4', fps=25)
    assert not list(tmp_path.iterdir())
