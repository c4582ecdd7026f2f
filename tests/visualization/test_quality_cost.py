import pytest
from matplotlib.text import Text

from vsr_plugins.evaluation.protocols import get_protocol
from vsr_plugins.evaluation.scores import Scores
from vsr_plugins.evaluation.tables.method_table import Cost, MethodRow, MethodTable
from vsr_plugins.evaluation.tables.published import published
from vsr_plugins.visualization.quality_cost import method_label, quality_cost_figure

PROTOCOL = get_protocol('basicvsr')


def scores_of(mean):
    return Scores(protocol=PROTOCOL, clips={'walk': mean}, mean=mean, frames={'walk': 3}, groups={})


def row(method, psnr=None, gflops=1.0):
    scores = None
    if psnr:
        scores = scores_of({'PSNR': psnr})
    cost = Cost(flops=gflops * 1e9, seconds=0.1, memory=None, size=(8, 8), frames=(1, 1), machine='here')
    return MethodRow(
        method.lower(),
        method=method,
        parameters=1000,
        scores=scores,
        cost=cost,
        published=published(method, 'Vid4-BIx4'),
    )


def marks(axes):
    return {(round(float(x), 3), round(float(y), 3)) for part in axes.collections for x, y in part.get_offsets()}


def test_measured_and_published_stand_above_the_same_cost():
    rows = [row('Bicubic', 23.7, 0), row('VESPCN', 25.0, 6), row('ESPCN', 24.5, 3), row('EDVR-M', None, 400)]
    figure = quality_cost_figure([MethodTable('Vid4-BIx4', PROTOCOL, rows)])
    (axes,) = figure.axes
    # ESPCN was published under a protocol that is not known, so only what was measured is drawn.
    assert marks(axes) == {(6, 25.0), (6, 25.35), (3, 24.5), (400, 27.1)}
    assert {'Bicubic', 'VESPCN', 'ESPCN', 'EDVR-M'} <= {text.get_text() for text in axes.texts}
    assert axes.get_title(loc='left').startswith('Vid4-BIx4; basicvsr')
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(a.overlaps(b) for number, a in enumerate(boxes) for b in boxes[:number])


def test_a_name_lies_on_no_mark_of_another():
    rows = [row('a method of a long name', 25.0, 3), row('VESPCN', 25.01, 9), row('EDVR-M', None, 400)]
    figure = quality_cost_figure([MethodTable('Vid4-BIx4', PROTOCOL, rows)])
    (axes,) = figure.axes
    figure.draw_without_rendering()
    x, y = axes.transData.transform((9, 25.01))
    (text,) = (text for text in axes.texts if text.get_text() == 'a method of a long name')
    # Of the text alone, without the line that leads to it.
    name = Text.get_window_extent(text)
    assert name.x0 < x < name.x1
    assert name.y0 > y + 8


def test_a_table_without_a_measured_row_has_no_panel():
    published_alone = MethodTable('Vid4-BIx4', PROTOCOL, [row('EDVR-M', None, 400)])
    with pytest.raises(ValueError):
        quality_cost_figure([published_alone])
    figure = quality_cost_figure([published_alone, MethodTable('Vid4-BIx4', PROTOCOL, [row('ESPCN', 24.5, 3)])])
    (axes,) = figure.axes
    assert marks(axes) == {(3, 24.5)}


def test_labels_are_names_of_methods_and_not_of_configs():
    assert method_label(row('EDVR-M')) == 'EDVR-M'
    trained = MethodRow('robust_vsr_deep-final_1xb8-20k_clips')
    assert method_label(trained) == 'RobustVSR with deeper branches'
    assert method_label(MethodRow('my_net')) == 'my_net'
