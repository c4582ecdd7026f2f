import numpy as np
import pytest

from vsr_plugins.visualization.weight_maps import weight_map_figure


def test_maps_are_drawn_on_one_scale(tmp_path):
    weights = np.stack([np.full((6, 8), value) for value in (-0.5, 0.25, 1.25)])
    figure = weight_map_figure(np.zeros((6, 8, 3), np.uint8), weights)
    drawn = [axes for axes in figure.axes if axes.get_xlabel()]
    assert [axes.get_xlabel() for axes in drawn] == [
        'frame', '1 frame\nmean -0.50', '3 frames\nmean 0.25', '5 frames\nmean 1.25'
    ]  # fmt: skip
    assert {axes.images[0].get_clim() for axes in drawn[1:]} == {(-0.5, 1.25)}
    assert np.array_equal(drawn[2].images[0].get_array(), weights[1])
    figure.savefig(tmp_path / 'weights.png')


def test_maps_that_do_not_fit_are_refused():
    frame = np.zeros((6, 8, 3), np.uint8)
    with pytest.raises(ValueError, match=r'\(3, 6, 7\)'):
        weight_map_figure(frame, np.zeros((3, 6, 7)))
    with pytest.raises(ValueError, match='3 maps'):
        weight_map_figure(frame, np.zeros((3, 6, 8)), ['one'])
