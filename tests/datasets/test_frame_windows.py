import pytest

from vsr_plugins.datasets.frame_windows import mirrored, window_indices


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
