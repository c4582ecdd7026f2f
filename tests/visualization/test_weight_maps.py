import cv2
import numpy as np
import pytest
import torch

from vsr_plugins.cli import main
from vsr_plugins.models.alignment import AlignedNet
from vsr_plugins.models.networks import LatentAttentionNet, TemporalAdaptiveNet
from vsr_plugins.visualization.explain import explain_weights, weighs_branches
from vsr_plugins.visualization.weight_maps import weight_map_figure

NARROW = dict(type='ESPCNNet', mid_channels=(4, 4), global_residual=True)


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
    with pytest.raises(ValueError, match='3.*1'):
        weight_map_figure(frame, np.zeros((3, 6, 8)), ['one'])


@pytest.fixture
def clip(tmp_path):
    (tmp_path / 'clip').mkdir()
    for i in range(7):
        frame = np.random.default_rng(i).integers(0, 256, (8, 12, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'clip/{i}.png'), frame)
    return tmp_path / 'clip'


@pytest.mark.parametrize(('frame', 'window'), [(None, [0, 1, 2, 3, 4]), (6, [4, 5, 6, 5, 4]), (0, [2, 1, 0, 1, 2])])
def test_the_weights_of_a_frame_of_a_clip(clip, frame, window):
    net = AlignedNet(dict(type='TemporalAdaptiveNet', branch=NARROW)).eval()
    assert weighs_branches(net) and weighs_branches(TemporalAdaptiveNet(branch=NARROW))
    assert not weighs_branches(LatentAttentionNet(mid_channels=4, num_layers=1, attn_layout=''))
    images = [cv2.imread(str(clip / f'{i}.png'))[..., ::-1].copy() for i in window]
    with torch.no_grad():
        lqs = torch.from_numpy(np.stack(images))[None].permute(0, 1, 4, 2, 3) / 255
        _, weights = net(lqs, return_weights=True)
    figure = explain_weights(net, clip, frame)
    assert figure.get_suptitle() == f'frame {window[2]}'
    maps = [axes.images[0].get_array() for axes in figure.axes if 'mean' in axes.get_xlabel()]
    np.testing.assert_allclose(maps, weights[0], atol=1e-6)


@pytest.mark.parametrize(('count', 'frame'), [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)])
def test_the_middle_of_a_clip_shorter_than_a_window(clip, count, frame):
    for i in range(count, 7):
        (clip / f'{i}.png').unlink()
    assert explain_weights(TemporalAdaptiveNet(branch=NARROW).eval(), clip).get_suptitle() == f'frame {frame}'


def test_frames_of_different_sizes_are_named(clip):
    cv2.imwrite(str(clip / '3.png'), np.zeros((8, 14, 3), np.uint8))
    with pytest.raises(ValueError, match=r'3\.png .*14x8.*0\.png .*12x8'):
        explain_weights(TemporalAdaptiveNet(branch=NARROW).eval(), clip)


def test_command(clip, tmp_path, capsys):
    config = tmp_path / 'config.py'
    config.write_text(
        "model = dict(type='BaseEditModel', data_preprocessor=dict(type='DataPreprocessor'),\n"
        "  pixel_loss=dict(type='MSELoss'),\n"
        "  generator=dict(type='TemporalAdaptiveNet', branch=dict(type='ESPCNNet', mid_channels=(4, 4))))\n"
    )
    command = ['explain', str(config), str(clip), '--out', str(tmp_path / 'out')]
    assert main(command) == 0
    assert str(tmp_path / 'out/weights.png') in capsys.readouterr().out
    assert cv2.imread(str(tmp_path / 'out/weights.png')).shape[1] > 1500
    assert main(command) == 2
    assert 'weights.png' in capsys.readouterr().err
    assert main([*command, '--force', '--frame', '7']) == 2
    assert 'frame 7' in capsys.readouterr().err
