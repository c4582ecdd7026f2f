import numpy as np

from vsr_plugins.visualization import comparison_figure, most_detailed_window


def test_the_most_detailed_window_holds_the_checkerboard():
    image = np.full((60, 80, 3), 128, np.uint8)
    image[20:40, 50:70] = (np.indices((20, 20)).sum(0) % 4 < 2)[..., None] * 255
    top, left = most_detailed_window(image, 24, 24)
    assert 16 <= top <= 20 and 46 <= left <= 50


def test_a_window_larger_than_the_picture_is_the_picture():
    assert most_detailed_window(np.zeros((1, 5, 3), np.uint8), 10, 10) == (0, 0)


def test_the_figure_shows_every_panel_and_its_crop(tmp_path):
    small, large = np.zeros((10, 12, 3), np.uint8), np.zeros((40, 48, 3), np.uint8)
    large[8:16, 4:20] = (255, 0, 0)
    figure = comparison_figure({'input': small, 'truth': large}, 'truth', (8, 4, 8, 16), title='a title')
    crops = figure.axes[2:]
    assert [axes.get_xlabel() for axes in crops] == ['input', 'truth']
    assert (crops[1].images[0].get_array() == (255, 0, 0)).all()
    assert figure.axes[0].images[0].get_array().shape == (40, 48, 3)
    figure.savefig(tmp_path / 'figure.png')
    assert (tmp_path / 'figure.png').stat().st_size > 1000
