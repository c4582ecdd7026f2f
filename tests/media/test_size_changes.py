"""Videos whose frames change their size."""

import numpy as np
import pytest
from videos import Between, Nearest, gradient, read_clip, write_clip

from vsr_plugins.apis import compare_videos, upscale
from vsr_plugins.inference.job.options import JobOptions, OutputOptions


@pytest.fixture
def source(tmp_path):
    """Four frames of 48x32, four of 24x16 and four of 48x32, in a format whose times continue."""
    path = tmp_path / 'a.ts'
    parts = []
    for number, (height, width) in enumerate([(32, 48), (16, 24), (32, 48)]):
        frames = [gradient(height, width)] * 4
        times = [25 + 4 * number + i for i in range(4)]
        part = write_clip(tmp_path / f'{number}.ts', frames, times=times, options=QUALITY)
        parts.append(part.read_bytes())
        part.unlink()
    path.write_bytes(b''.join(parts))
    return path


QUALITY = {'crf': '2', 'bf': '0'}


@pytest.mark.parametrize('network', [Nearest, Between])
def test_the_scene_is_restarted_and_scaled_to_the_first_size(source, tmp_path, caplog, network):
    shapes = []

    class Seen(network):
        def forward(self, lqs):
            shapes.append(tuple(lqs.shape[-2:]))
            return super().forward(lqs)

    upscale(source, tmp_path / 'b.mkv', Seen(), output=OutputOptions(codec='ffv1'), job=JobOptions(segment_length=5))
    assert set(shapes) == {(32, 48), (16, 24)}
    times, frames, _ = read_clip(tmp_path / 'b.mkv')
    count = 12 if network is Nearest else 24
    assert frames.shape == (count, 64, 96, 3) and np.diff(times) == pytest.approx([12 / 25 / count] * (count - 1))
    expected = gradient(64, 96).astype(int)
    assert max(np.abs(frame - expected)[4:-4, 4:-4].max() for frame in frames) < 16
    (warning,) = [record.getMessage() for record in caplog.records if 'size' in record.getMessage()]
    assert 'frame 4' in warning and '24x16' in warning


def test_a_comparison_needs_one_size(source, tmp_path):
    with pytest.raises(ValueError, match='frame 4'):
        compare_videos({'a': source, 'b': source}, tmp_path / 'c.png')
