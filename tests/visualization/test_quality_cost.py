import pytest
from matplotlib.text import Text

from vsr_plugins.evaluation.protocols import get_protocol
from vsr_plugins.evaluation.scores import Scores
from vsr_plugins.evaluation.tables.method_table import Cost, MethodRow, MethodTable
from vsr_plugins.evaluation.tables.published import published
from vsr_plugins.visualization.quality_cost import quality_cost_figure

PROTOCOL = get_protocol('basicvsr')


def row(method, psnr=None, gflops=1.0):
    scores = None
    if psnr:
        scores = Scores(PROTOCOL, {'walk': {'PSNR': psnr}}, {'PSNR': psnr}, {'walk': 3}, {})
    cost = Cost(gflops * 1e9, 0.1, None, (8, 8), (1, 1), 'here')
    return MethodRow(method.lower(), method, 1000, scores, cost=cost, published=published(method, 'Vid4-BIx4'))


def marks(axes):
    return {(round(float(x), 3), round(float(y), 3)) for part in axes.collections for x, y in part.get_offsets()}


def test_measured_and_published_numbers_have_the_same_cost():
    rows = [row('Bicubic', 23.7, 0), row('VESPCN', 25.0, 6), row('ESPCN', 24.5, 3), row('EDVR-M', None, 400)]
    figure = quality_cost_figure([MethodTable('Vid4-BIx4', PROTOCOL, rows)])
    (axes,) = figure.axes
    # The protocol of ESPCN's published number is unknown, so only the measured one is drawn.
    assert marks(axes) == {(6, 25.0), (6, 25.35), (3, 24.5), (400, 27.1)}
    assert {'Bicubic', 'VESPCN', 'ESPCN', 'EDVR-M'} <= {text.get_text() for text in axes.texts}
    assert axes.get_title(loc='left').startswith('Vid4-BIx4; basicvsr')
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])


def test_a_name_does_not_cover_the_mark_of_another():
    rows = [row('a method of a long name', 25.0, 3), row('VESPCN', 25.01, 9), row('EDVR-M', None, 400)]
    figure = quality_cost_figure([MethodTable('Vid4-BIx4', PROTOCOL, rows)])
    (axes,) = figure.axes
    figure.draw_without_rendering()
    x, y = axes.transData.transform((9, 25.01))
    (text,) = (text for text in axes.texts if text.get_text() == 'a method of a long name')
    # The extent of the text without its leader line.
    name = Text.get_window_extent(text)
    assert name.x0 < x < name.x1
    assert name.y0 > y + 8


def test_without_a_number_there_is_no_picture():
    with pytest.raises(ValueError):
        quality_cost_figure([MethodTable('Vid4-BIx4', PROTOCOL, [row('ESPCN')])])
