"""The perception-distortion plane."""

import pytest

from vsr_plugins.evaluation.protocols import get_protocol
from vsr_plugins.evaluation.scores import Scores
from vsr_plugins.evaluation.tables.method_table import MethodRow, MethodTable
from vsr_plugins.visualization.perception_distortion import perception_distortion_figure, rmse

PROTOCOL = get_protocol('basicvsr')


def row(name, psnr, **departures_or_values):
    departures = departures_or_values.pop('departures', ())
    mean = {'PSNR': psnr, 'SSIM': 0.8, **departures_or_values}
    scores = Scores(protocol=PROTOCOL, clips={'walk': mean}, mean=mean, frames={'walk': 3}, groups={})
    return MethodRow(name.lower(), method=name, parameters=1000, scores=scores, departures=departures)


def test_the_error_of_a_psnr():
    assert rmse(20) == pytest.approx(25.5)
    assert rmse(48.1308) == pytest.approx(1, rel=1e-5)


def test_rows_with_a_measure_are_drawn():
    rows = [
        row('RRDBNet', 26.0, LPIPS=0.3),
        row('ESRGAN', 24.0, LPIPS=0.15, departures=('other data',)),
        row('A', 25.0),
    ]
    figure = perception_distortion_figure([MethodTable('Vid4-BIx4', PROTOCOL, rows)])
    (axes,) = figure.axes
    points = [tuple(xy) for points in axes.collections for xy in points.get_offsets().tolist()]
    assert points == [pytest.approx((rmse(26.0), 0.3)), pytest.approx((rmse(24.0), 0.15))]
    assert [text.get_text() for text in axes.texts] == ['RRDBNet', 'ESRGAN*']
    assert axes.get_ylabel().startswith('LPIPS')


def test_without_a_measure_there_is_nothing_to_draw():
    with pytest.raises(ValueError, match='LPIPS'):
        perception_distortion_figure([MethodTable('Vid4-BIx4', PROTOCOL, [row('A', 25.0)])])
