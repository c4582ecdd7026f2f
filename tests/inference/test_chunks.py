import pytest
import torch

from vsr_plugins.inference.chunks import pair_up, run_chunks, run_windows
from vsr_plugins.models.blocks.chunking import run_in_chunks
from vsr_plugins.temporal_windows import window_indices


def numbered(count):
    return torch.arange(count, dtype=torch.float32).reshape(count, 1, 1, 1)


def weight(chunk):
    """The output of a frame depends on its position in the chunk and on the complete chunk."""
    places = torch.arange(chunk.shape[1], dtype=torch.float32).reshape(1, -1, 1, 1, 1)
    return 100 * chunk + places + chunk.mean(1, keepdim=True)


# Without overlap ``run_in_chunks`` pads the last chunk with black frames; ``run_chunks`` leaves padding to the network.
@pytest.mark.parametrize(
    ('length', 'overlap', 'count'),
    [(length, overlap, count) for length, overlap in ((5, 2), (6, 3), (7, 1)) for count in range(1, 24)]
    + [(4, 0, count) for count in (4, 8, 12)],
)
def test_chunks_of_a_stream_equal_those_of_the_clip(length, overlap, count):
    clip = numbered(count)
    expected = weight(clip[None])[0] if count < length else run_in_chunks(weight, clip[None], length, overlap)[0]
    made = [picture for (picture,) in run_chunks(weight, iter(clip), length, overlap)]
    assert torch.equal(torch.stack(made), expected)


@pytest.mark.parametrize('count', [1, 2, 5, 6, 7, 13])
@pytest.mark.parametrize('overlap', [1, 2, 3])
def test_interpolated_frames_belong_to_the_frame_before(count, overlap):
    def double(chunk):
        t = chunk.shape[1]
        return torch.stack([(chunk[:, i // 2] + chunk[:, (i + 1) // 2]) / 2 for i in range(2 * t - 1)], 1)

    made = list(run_chunks(double, iter(numbered(count)), 5, overlap, temporal_scale=2))
    assert [len(pictures) for pictures in made] == [2] * (count - 1) + [1]
    flat = [picture.item() for pictures in made for picture in pictures]
    assert flat == [i / 2 for i in range(2 * count - 1)]


@pytest.mark.parametrize('count', [1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize('size', [1, 3, 5, 7])
def test_windows_equal_those_of_the_data_sets(count, size):
    def code(window):
        return (window * 10.0 ** torch.arange(size).reshape(1, -1, 1, 1, 1)).sum(1)

    made = [picture.item() for picture in run_windows(code, iter(numbered(count)), size)]
    expected = [
        sum(i * 10.0**place for place, i in enumerate(window_indices(center, count, size))) for center in range(count)
    ]
    assert made == expected


def test_pairs():
    assert list(pair_up(iter('abcde'), 2)) == [('a', 'b'), ('c', 'd'), ('e',)]
