import pytest

from vsr_plugins.temporal_windows import clip_parts, frames_given, mirrored, space_time_windows, window_indices


@pytest.mark.parametrize(
    ('padding', 'center', 'expected'),
    [
        ('reflection', 0, [2, 1, 0, 1, 2]),
        ('reflection', 1, [1, 0, 1, 2, 3]),
        ('reflection', 5, [3, 4, 5, 6, 7]),
        ('reflection', 9, [7, 8, 9, 8, 7]),
        ('replicate', 0, [0, 0, 0, 1, 2]),
        ('replicate', 9, [7, 8, 9, 9, 9]),
        ('reflection_circle', 0, [4, 3, 0, 1, 2]),
        ('reflection_circle', 8, [6, 7, 8, 9, 5]),
        ('reflection_circle', 9, [7, 8, 9, 6, 5]),
        ('circle', 0, [3, 4, 0, 1, 2]),
        ('circle', 9, [7, 8, 9, 5, 6]),
    ],
)
def test_the_ends_of_a_clip_of_ten(padding, center, expected):
    assert window_indices(center, 10, 5, padding) == expected


@pytest.mark.parametrize('padding', ['reflection', 'replicate', 'reflection_circle', 'circle'])
def test_a_clip_of_one_frame_fills_any_window(padding):
    assert window_indices(0, 1, 7, padding) == [0] * 7


def test_a_clip_of_two_frames_goes_back_and_forth():
    assert window_indices(0, 2, 7) == [1, 0, 1, 0, 1, 0, 1]
    assert [mirrored(i, 3) for i in range(-4, 6)] == [0, 1, 2, 1, 0, 1, 2, 1, 0, 1]


@pytest.mark.parametrize('padding', ['reflection', 'replicate', 'reflection_circle', 'circle'])
def test_where_upstream_has_an_answer_it_is_the_same(padding):
    from mmagic.datasets.transforms import GenerateFrameIndiceswithPadding

    for center in range(7):
        sample = dict(key=f'a/{center:08d}', sequence_length=7, num_input_frames=5, img_path='', gt_path='')
        paths = GenerateFrameIndiceswithPadding(padding=padding)(sample)['img_path']
        assert window_indices(center, 7, 5, padding) == [int(path.split('/')[-1][:-4]) for path in paths]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [((0, 5, 4), 'odd number of frames, but got 4'), ((5, 5, 3), 'but got 5'), ((0, 5, 3, 'zeros'), "but got 'zeros'")],
)
def test_what_makes_no_window_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        window_indices(*arguments)


@pytest.mark.parametrize(
    ('count', 'given'),
    [
        (7, [[0, 2, 4, 6]]),
        (8, [[0, 2, 4, 6], [1, 3, 5, 7]]),
        (33, [[0, 2, 4, 6], [6, 8, 10, 12], [12, 14, 16, 18], [18, 20, 22, 24], [24, 26, 28, 30], [26, 28, 30, 32]]),
        (34, [[0, 2, 4, 6], [6, 8, 10, 12], [12, 14, 16, 18], [18, 20, 22, 24], [24, 26, 28, 30], [27, 29, 31, 33]]),
        # Clips that the authors' test script cannot take.
        (1, [[0]]),
        (2, [[0], [1]]),
        (5, [[0, 2, 4]]),
        (6, [[0, 2, 4], [1, 3, 5]]),
    ],
)
def test_space_time_windows_are_those_of_the_authors_test_script(count, given):
    windows = space_time_windows(count)
    assert [list(window[::2]) for window in windows] == given
    assert sorted({frame for window in windows for frame in window}) == list(range(count))


def test_frames_of_two_windows_are_those_of_the_first():
    assert frames_given(space_time_windows(33)) == [*range(0, 33, 2)]
    # 30 is from the fifth window; 31, 32 and 33 from the last, which is given 31 and 33.
    assert frames_given(space_time_windows(34)) == [*range(0, 31, 2), 31, 33]
    assert frames_given(space_time_windows(8)) == [0, 2, 4, 6, 7]
    assert frames_given(space_time_windows(12)) == [0, 2, 4, 6, 7, 9, 11]


def test_a_whole_clip_is_one_window_and_one_more_for_its_last_frame():
    assert space_time_windows(33, None) == [range(33)]
    assert space_time_windows(34, None) == [range(33), range(27, 34)]
    assert frames_given(space_time_windows(34, None)) == [*range(0, 33, 2), 33]
    assert space_time_windows(4, None) == [range(3), range(1, 4)]
    assert space_time_windows(12, 3) == [range(5), range(4, 9), range(7, 12)]
    for arguments, message in (((0,), 'at least one frame, but got 0'), ((5, 1), '2 frames, but got 1')):
        with pytest.raises(ValueError, match=message):
            space_time_windows(*arguments)


def test_parts_of_a_clip_of_ten():
    assert clip_parts(10, 4, 2) == [
        (range(0, 4), range(0, 3)),
        (range(2, 6), range(3, 5)),
        (range(4, 8), range(5, 7)),
        (range(6, 10), range(7, 10)),
    ]
    assert clip_parts(9, 4, 0) == [(range(0, 4), range(0, 4)), (range(4, 9), range(4, 9))]
    assert clip_parts(3, 4, 2) == [(range(0, 3), range(0, 3))]


@pytest.mark.parametrize('count', [1, 2, 3, 7, 8, 9, 31, 100])
def test_parts_keep_each_frame_once_with_its_context(count):
    for length in range(1, 24):
        for overlap in range(length):
            parts = clip_parts(count, length, overlap)
            assert [frame for _, kept in parts for frame in kept] == list(range(count))
            for frames, kept in parts:
                assert frames.start % (length - overlap) == 0 and len(frames) < 2 * length - overlap
                # Half of the overlap is context, where the clip goes on.
                assert frames.start == 0 or kept.start - frames.start >= overlap // 2
                assert frames.stop == count or frames.stop - kept.stop >= overlap // 2


@pytest.mark.parametrize(('length', 'overlap'), [(4, 4), (4, -1), (0, 0)])
def test_impossible_parts(length, overlap):
    with pytest.raises(ValueError, match=f'{length} .* {overlap}'):
        clip_parts(9, length, overlap)
