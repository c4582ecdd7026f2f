import json
import math

import numpy as np
import pytest

from vsr_plugins.evaluation.protocols import PROTOCOLS, Protocol, get_protocol
from vsr_plugins.evaluation.scores import score_clip, score_frame, summarise
from vsr_plugins.evaluation.tables.score_table import ScoreTable

VID4 = (41, 34, 49, 47)


@pytest.mark.parametrize(
    ('name', 'counts'),
    [
        ('latent_attention', (38, 31, 46, 44)),
        ('basicvsr', VID4),
        ('tdan', VID4),
        ('duf', (37, 30, 45, 43)),
        ('zooming_slow_mo', VID4),
        ('vimeo90k', (1, 1, 1, 1)),
    ],
)
def test_measured_frames_of_vid4(name, counts):
    assert tuple(len(PROTOCOLS[name].select(count)) for count in VID4) == counts


def test_which_frames_are_dropped():
    assert list(PROTOCOLS['latent_attention'].select(6)) == [1, 2, 3]
    assert list(PROTOCOLS['duf'].select(6)) == [2, 3]
    assert list(PROTOCOLS['vimeo90k'].select(7)) == [3]
    assert list(PROTOCOLS['spmcs'].select(31)) == [15]
    assert list(PROTOCOLS['basicvsr'].select(1)) == [0]
    unpaired = get_protocol(dict(name='zooming_slow_mo', drop_unpaired=True))
    assert tuple(len(unpaired.select(count)) for count in VID4) == (41, 33, 49, 47)
    with pytest.raises(ValueError, match='latent_attention .* 4 frames.* 3'):
        PROTOCOLS['latent_attention'].select(3)


def test_descriptions_of_protocols():
    assert str(PROTOCOLS['tdan']) == 'tdan: Y, all frames, 8 pixels cropped, 8 bit, mean over frames'
    assert str(PROTOCOLS['reds4_rgb']).startswith('reds4_rgb: RGB, all frames, no crop')
    zooming = PROTOCOLS['zooming_slow_mo']
    assert str(zooming) == (
        'zooming_slow_mo: Y, all frames, no crop, every second frame and the last given, 8 bit, mean over clips'
    )
    assert str(zooming.changed(drop_unpaired=True)) == (
        'zooming_slow_mo+drop_unpaired=True: Y, all frames but the last of an even clip, no crop, '
        'every second frame given, 8 bit, mean over clips'
    )
    assert 'first 1 and last 0 frames of a clip and the last of an even one,' in str(
        zooming.changed(drop_unpaired=True, drop_first=1)
    )


def test_a_changed_protocol_has_another_name_and_is_not_equal():
    changed = get_protocol(dict(name='basicvsr', crop_border=8, color='Y'))
    assert changed.name == 'basicvsr+crop_border=8' and changed != PROTOCOLS['basicvsr']
    assert get_protocol(dict(name='basicvsr', color='Y')) == PROTOCOLS['basicvsr']


@pytest.mark.parametrize(
    ('spec', 'message'),
    [
        ('nix', "'nix'; .*latent_attention"),
        (dict(name='duf', border=3), 'no field border'),
        (dict(name='duf', color='YCbCr'), "color .*'YCbCr'"),
        (dict(name='duf', crop_border=-1), 'crop_border .* but got -1'),
        (dict(name='duf', drop_unpaired=True), 'drop_unpaired.*space_time'),
    ],
)
def test_wrong_protocols_are_named(spec, message):
    with pytest.raises(ValueError, match=message):
        get_protocol(spec)


def frames(values):
    return [{'PSNR': value} for value in values]


def test_averaging_depends_on_the_length_of_clips():
    """Clip means 10 and 30, but three of the four frames have 10: upstream prints one or the other by ``depth``."""
    clips = {'a': frames([10, 10, 10]), 'b': frames([30])}
    assert summarise(clips, PROTOCOLS['basicvsr']).mean['PSNR'] == 20
    assert summarise(clips, get_protocol(dict(name='basicvsr', average='frame'))).mean['PSNR'] == 15


def test_dropped_frames_do_not_count():
    clips = {'a': frames([99, 1, 2, 99, 99])}
    assert summarise(clips, PROTOCOLS['latent_attention']).mean['PSNR'] == 1.5


def test_centre_frame_only():
    assert summarise({'a': frames([0, 0, 0, 7, 0, 0, 0])}, PROTOCOLS['vimeo90k']).mean['PSNR'] == 7


def test_rounding_before_measuring():
    """Upstream measures floats; a saved frame is rounded. 0.4 off becomes equal, 0.6 off becomes 1 off."""
    target = np.full((20, 20, 3), 100.0, np.float32)
    protocol = PROTOCOLS['reds4_rgb']
    assert score_frame(target + 0.4, target, protocol)['PSNR'] == 100
    assert score_frame(target + 0.6, target, protocol)['PSNR'] == pytest.approx(20 * math.log10(255))
    unrounded = get_protocol(dict(name='reds4_rgb', round_output=False))
    assert score_frame(target + 0.4, target, unrounded)['PSNR'] == pytest.approx(20 * math.log10(255 / 0.4), abs=1e-4)


def test_border_is_cropped_as_the_protocol_sets():
    target = np.full((30, 30, 3), 100, np.uint8)
    prediction = target.copy()
    prediction[:8] = 0
    assert score_frame(prediction, target, PROTOCOLS['duf'])['PSNR'] == 100
    assert score_frame(prediction, target, PROTOCOLS['basicvsr'])['PSNR'] < 20


def test_channel_order():
    """Y of BGR treated as RGB is another number."""
    rng = np.random.default_rng(0)
    target = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    prediction = target.copy()
    prediction[..., 0] = 255 - prediction[..., 0]
    rgb = score_frame(prediction, target, PROTOCOLS['basicvsr'], channel_order='rgb')['PSNR']
    flipped = score_frame(prediction[..., ::-1], target[..., ::-1], PROTOCOLS['basicvsr'], channel_order='bgr')['PSNR']
    wrong = score_frame(prediction, target, PROTOCOLS['basicvsr'], channel_order='bgr')['PSNR']
    assert rgb == pytest.approx(flipped) and abs(rgb - wrong) > 1


def test_input_and_interpolated_frames_are_reported_separately():
    # Ten frames: [0, 2, 4, 6] make the first seven, and [3, 5, 7, 9] the last three.
    ten = {'a': frames([10, 1, 20, 2, 30, 3, 40, 50, 4, 60])}
    summary = summarise(ten, PROTOCOLS['zooming_slow_mo'])
    assert summary.frames == {'a': 10}
    assert summary.groups == {'input frames': {'PSNR': 35}, 'interpolated frames': {'PSNR': 2.5}}
    assert summary.mean['PSNR'] == 22
    # A network that makes nine frames at once reports its input frames.
    summary = summarise(ten, PROTOCOLS['zooming_slow_mo'], given={'a': [0, 2, 4, 6, 8, 9]})
    assert summary.groups == {'input frames': {'PSNR': 164 / 6}, 'interpolated frames': {'PSNR': 14}}
    summary = summarise(ten, get_protocol(dict(name='zooming_slow_mo', drop_unpaired=True)))
    assert summary.frames == {'a': 9}
    assert summary.groups == {'input frames': {'PSNR': 104 / 5}, 'interpolated frames': {'PSNR': 14}}
    # They are averaged as the protocol sets: over clips, of any length.
    clips = {'a': frames([10, 1, 20, 3, 30]), 'b': frames([40, 8, 60])}
    over_clips = summarise(clips, PROTOCOLS['zooming_slow_mo']).groups
    assert over_clips == {'input frames': {'PSNR': 35}, 'interpolated frames': {'PSNR': 5}}
    over_frames = summarise(clips, get_protocol(dict(name='zooming_slow_mo', average='frame'))).groups
    assert over_frames == {'input frames': {'PSNR': 32}, 'interpolated frames': {'PSNR': 4}}


def test_counts_that_differ_are_named():
    image = np.zeros((20, 20, 3), np.uint8)
    with pytest.raises(ValueError, match='walk: 1 .*2'):
        score_clip([image], [image, image], PROTOCOLS['basicvsr'], 'walk')


def scores(values, protocol='basicvsr'):
    return summarise({'a': frames(values[:2]), 'b': frames(values[2:])}, PROTOCOLS[protocol])


def test_table_of_two_methods():
    table = ScoreTable('Vid4', {'bicubic': scores([20, 22, 30]), 'ours': scores([21, 23, 30.5])})
    assert table.to_markdown() == (
        'Vid4; basicvsr: Y, all frames, no crop, 8 bit, mean over clips\n'
        '\n'
        '| clip | frames | bicubic PSNR | ours PSNR |\n'
        '| --- | ---: | ---: | ---: |\n'
        '| a | 2 | 21.000 | 22.000 |\n'
        '| b | 1 | 30.000 | 30.500 |\n'
        '| mean | 3 | 25.500 | 26.250 |\n'
    )
    content = json.loads(table.to_json())
    assert content['methods']['ours']['mean']['PSNR'] == 26.25
    assert content['protocol']['name'] == 'basicvsr'
    assert 'basicvsr: Y' in table.to_text() and '26.250' in table.to_text()


def test_infinite_values_survive_json():
    table = ScoreTable('x', {'perfect': scores([math.inf, 3, 4])})
    assert json.loads(table.to_json())['methods']['perfect']['mean']['PSNR'] == 'inf'
    assert 'inf' in table.to_markdown()


def test_two_protocols_in_a_table_raise():
    with pytest.raises(ValueError, match='a and b'):
        ScoreTable('x', {'a': scores([1, 2, 3]), 'b': scores([1, 2, 3], 'tdan')})
    with pytest.raises(ValueError, match='a and b'):
        ScoreTable('x', {'a': scores([1, 2, 3]), 'b': scores([1, 2, 3, 4])})


def test_every_protocol_names_its_users():
    assert all(isinstance(protocol, Protocol) and protocol.source for protocol in PROTOCOLS.values())
    assert {'latent_attention', 'basicvsr', 'tdan', 'duf', 'zooming_slow_mo', 'reds4_rgb'} <= PROTOCOLS.keys()
