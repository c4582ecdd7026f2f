import numpy as np
import pytest

from vsr_plugins.visualization.comparison import (
    comparison_figure,
    most_detailed_window,
    most_telling_window,
    profile_span,
)


def test_the_most_detailed_window_contains_the_checkerboard():
    image = np.full((60, 80, 3), 128, np.uint8)
    image[20:40, 50:70] = (np.indices((20, 20)).sum(0) % 4 < 2)[..., None] * 255
    top, left = most_detailed_window(image, 24, 24)
    assert 16 <= top <= 20 and 46 <= left <= 50


def test_a_window_larger_than_the_picture_is_the_picture():
    assert most_detailed_window(np.zeros((1, 5, 3), np.uint8), 10, 10) == (0, 0)


def test_the_most_telling_window_is_where_detail_differs():
    """Two patches differ between the methods; the one on the checkerboard outweighs that on the plain background."""
    truth = np.full((60, 80, 3), 128, np.uint8)
    truth[20:40, 50:70] = (np.indices((20, 20)).sum(0) % 4 < 2)[..., None] * 255
    blurred, shifted = truth.copy(), truth.copy()
    blurred[20:40, 50:70] = 128
    shifted[5:15, 5:15] += 40
    top, left = most_telling_window({'blurred': blurred, 'shifted': shifted, 'truth': truth}, 'truth', 20, 20)
    assert abs(top - 20) <= 2 and abs(left - 50) <= 2
    assert most_telling_window({'a': truth, 'b': truth}, 'a', 24, 24) == most_detailed_window(truth, 24, 24)


def test_a_profile_lies_in_the_frame():
    assert profile_span((10, 20, 8, 16), (40, 60)) == (14, slice(8, 48))
    assert profile_span((0, 0, 1, 60), (1, 60)) == (0, slice(0, 60))


@pytest.mark.parametrize('count', [1, 2, 3, 4, 7])
def test_the_figure_shows_every_panel_its_crop_and_its_profile(tmp_path, count):
    small, large = np.zeros((10, 12, 3), np.uint8), np.zeros((40, 48, 3), np.uint8)
    large[8:16, 4:20] = (255, 0, 0)
    panels = {**{f'method {i}\n20.00 dB': small for i in range(count - 1)}, 'truth': large}
    profiles = {name: np.full((5, 30, 3), i, np.uint8) for i, name in enumerate(panels)}
    figure = comparison_figure(panels, 'truth', (8, 4, 8, 16), title='a title', profiles=profiles)
    full, crops, strips = figure.axes[0], figure.axes[1 : 1 + count], figure.axes[1 + count :]
    assert full.images[0].get_array().shape == (40, 48, 3)
    assert [axes.get_xlabel() for axes in crops] == list(panels)
    assert (crops[-1].images[0].get_array() == (255, 0, 0)).all()
    assert [axes.images[0].get_array()[0, 0, 0] for axes in strips] == list(range(count))
    boxes = [axes.get_position() for axes in figure.axes]
    assert all(box.x0 >= 0 and box.x1 <= 1 and box.y0 >= 0 and box.y1 <= 1 for box in boxes)
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:number])
    figure.savefig(tmp_path / 'figure.png')
    assert (tmp_path / 'figure.png').stat().st_size > 1000
