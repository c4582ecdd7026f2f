import pytest
import torch

from vsr_plugins.models.blocks.chunking import chunk_spans, run_in_chunks


def recorder(calls):
    """Return an identity that records the value of each input frame; frames are 1x1x1 and contain their number."""

    def function(frames):
        calls.append(frames[0, :, 0, 0, 0].tolist())
        return frames

    return function


def clip(t):
    return torch.arange(1.0, t + 1).reshape(1, t, 1, 1, 1)


@pytest.mark.parametrize(
    ('t', 'overlap', 'chunks'),
    [
        (3, 0, [[1, 2, 3]]),
        (5, 0, [[1, 2, 3], [4, 5, 0]]),
        (2, 0, [[1, 2, 0]]),
        (2, 1, [[1, 2, 0]]),
        (5, 1, [[1, 2, 3], [3, 4, 5]]),
        (6, 1, [[1, 2, 3], [3, 4, 5], [4, 5, 6]]),
    ],
)
def test_chunks_and_joined_output(t, overlap, chunks):
    calls = []
    joined = run_in_chunks(recorder(calls), clip(t), length=3, overlap=overlap)
    assert calls == chunks
    torch.testing.assert_close(joined, clip(t))


@pytest.mark.parametrize(('t', 'chunks', 'zeros'), [(41, 6, 1), (34, 5, 1), (49, 7, 0), (47, 7, 2)])
def test_vid4_in_chunks_of_seven(t, chunks, zeros):
    """The tails of the four clips: 6, 6, 7 and 5 frames."""
    calls = []
    assert run_in_chunks(recorder(calls), clip(t), length=7).shape[1] == t
    assert (len(calls), calls[-1].count(0)) == (chunks, zeros)


def test_a_shared_frame_comes_from_the_chunk_whose_border_is_farther():
    def position(frames):
        return torch.arange(float(frames.shape[1])).reshape(1, -1, 1, 1, 1).expand_as(frames)

    joined = run_in_chunks(position, clip(8), length=5, overlap=2)
    # Chunks of frames 1-5 and 4-8 share 4 and 5: frame 4 is position 3 of the first, frame 5 position 1 of the second.
    assert joined.flatten().tolist() == [0, 1, 2, 3, 1, 2, 3, 4]


@pytest.mark.parametrize(('t', 'length', 'overlap'), [(0, 3, 0), (5, 3, 3), (5, 3, -1)])
def test_impossible_chunks_raise(t, length, overlap):
    with pytest.raises(ValueError, match='but got'):
        run_in_chunks(lambda x: x, clip(t), length, overlap)


@pytest.mark.parametrize(
    ('total', 'overlap', 'spans'),
    [(8, 0, [(0, 0, 5), (5, 5, 8)]), (3, 2, [(0, 0, 3)]), (12, 2, [(0, 0, 4), (3, 4, 7), (6, 7, 9), (7, 9, 12)])],
)
def test_spans(total, overlap, spans):
    assert chunk_spans(total, 5, overlap) == spans
