"""Two-stage networks, compared with known frames and with the other order of stages."""

from types import SimpleNamespace

import pytest
import torch
from mmagic.registry import MODELS
from mmagic.utils import register_all_modules
from torch import nn

from vsr_plugins.checkpoints.weight_files import write_weights
from vsr_plugins.models import BicubicNet, TwoStageNet

BLEND, BICUBIC = dict(type='LinearBlendNet'), dict(type='BicubicNet')


@pytest.fixture(autouse=True, scope='module')
def registered():
    register_all_modules()


@pytest.mark.parametrize('order', ['interpolate_first', 'restore_first'])
def test_blending_and_bicubic_are_linear_in_either_order(order):
    frames = torch.rand(2, 3, 3, 5, 9)
    output = TwoStageNet(BLEND, BICUBIC, order)(frames)
    given = BicubicNet()(frames)
    torch.testing.assert_close(output[:, ::2], given, atol=1e-5, rtol=0)
    torch.testing.assert_close(output[:, 1::2], (given[:, 1:] + given[:, :-1]) / 2, atol=1e-5, rtol=0)


class RecordingNet(nn.Module):
    """Return the centre frame of the input and record the input frames."""

    def __init__(self):
        super().__init__()
        self.given = []

    def forward(self, frames):
        self.given.append(frames[0, :, 0, 0, 0].round(decimals=4).tolist())
        return frames[:, frames.shape[1] // 2]


def test_windows_of_either_part_at_the_ends_of_a_clip():
    net = TwoStageNet(BLEND, BICUBIC, interpolator_window=4, restorer_window=3, scale=1)
    net.interpolator, net.restorer = RecordingNet(), RecordingNet()
    clip = torch.tensor([0.0, 0.25, 0.5]).reshape(1, 3, 1, 1, 1).expand(1, 3, 3, 8, 8)
    net.interpolate(clip)
    # The interpolator's input is in [-1, 1], as in upstream's training.
    assert net.interpolator.given == [[-1, -1, -0.5, 0], [-1, -0.5, 0, 0]]
    assert net.restore(clip).shape == (1, 3, 3, 8, 8)
    assert net.restorer.given == [[0.25, 0, 0.25], [0, 0.25, 0.5], [0.25, 0.5, 0.25]]


@pytest.mark.parametrize(
    ('interpolator', 'window'),
    [
        (dict(type='CAINNet', num_block_groups=1, num_block_layers=1), 2),
        (dict(type='FLAVRNet', num_input_frames=4, num_output_frames=1, mid_channels_list=[16, 8, 8, 4]), 4),
    ],
)
def test_upstreams_interpolators_fit_and_leave_their_input_alone(interpolator, window, tmp_path):
    torch.manual_seed(0)
    net = TwoStageNet(interpolator, BICUBIC, interpolator_window=window).eval()
    frames = torch.rand(1, 2, 3, 17, 20)
    before = frames.clone()
    with torch.no_grad():
        output = net(frames)
        assert torch.equal(frames, before)
        assert output.shape == (1, 3, 3, 68, 80)
        torch.testing.assert_close(output[:, ::2], BicubicNet()(frames), atol=1e-5, rtol=0)
        # A checkpoint of an editor, as released by upstream.
        weights = {f'generator.{key}': value for key, value in net.interpolator.state_dict().items()}
        path = tmp_path / 'editor.pth'
        write_weights(weights, path)
        other = TwoStageNet(interpolator, BICUBIC, interpolator_window=window, interpolator_weights=str(path)).eval()
        torch.testing.assert_close(other(frames), output)


def test_cain_pads_as_in_upstreams_editor():
    torch.manual_seed(0)
    cain = dict(type='CAINNet', num_block_groups=1, num_block_layers=1)
    net = TwoStageNet(cain, BICUBIC).eval()
    # A size that is a multiple of neither 8 nor 128, where the two paddings differ.
    frames = torch.rand(1, 2, 3, 84, 101)
    raw = dict(type='DataPreprocessor', mean=[0.0] * 3, std=[1.0] * 3)
    editor = MODELS.build(dict(type='CAIN', generator=cain, pixel_loss=dict(type='L1Loss'), data_preprocessor=raw))
    editor.generator.load_state_dict(net.interpolator.state_dict())
    with torch.no_grad():
        expected = editor.eval().forward_tensor(frames * 2 - 1, padding_flag=True)
        torch.testing.assert_close(net.interpolate(frames)[:, 1] * 2 - 1, expected, atol=1e-5, rtol=0)


def test_a_network_with_missing_weights_is_built_and_lists_them(tmp_path):
    net = TwoStageNet(BLEND, BICUBIC, interpolator_weights=str(tmp_path / 'nowhere.pth'))
    assert net.missing_files == [tmp_path / 'nowhere.pth']
    assert TwoStageNet(BLEND, BICUBIC).missing_files == []


@pytest.mark.parametrize('checkpoint', [None, 'none'])
def test_a_network_without_weights_is_neither_used_nor_measured(checkpoint, tmp_path):
    from vsr_plugins.compat.partial_loading import load_checkpoint
    from vsr_plugins.inference.load_model import choose_model

    path = tmp_path / 'nowhere.pth'
    network = dict(type='TwoStageNet', interpolator=BLEND, restorer=dict(type='ESPCNNet'), restorer_weights=str(path))
    with pytest.raises(FileNotFoundError, match=str(path)):
        if checkpoint is None:
            (tmp_path / 'c.py').write_text(
                f'model = {dict(type="BaseEditModel", generator=network, pixel_loss=dict(type="L1Loss"))}'
            )
            choose_model(tmp_path / 'c.py')
        else:
            model = SimpleNamespace(generator=MODELS.build(network))
            load_checkpoint(SimpleNamespace(model=model, _train_loop=None), checkpoint)


def test_weights_of_another_network_are_named(tmp_path):
    path = tmp_path / 'other.pth'
    write_weights({'generator.conv9.weight': torch.zeros(1)}, path)
    with pytest.raises(ValueError, match=r'other\.pth .*CAINNet.*conv9\.weight'):
        TwoStageNet(dict(type='CAINNet'), BICUBIC, interpolator_weights=str(path))


def test_upstreams_centre_frame_network_fits():
    small = dict(mid_channels=8, deform_groups=1, num_blocks_extraction=1, num_blocks_reconstruction=1)
    net = TwoStageNet(BLEND, dict(type='EDVRNet', in_channels=3, out_channels=3, **small), restorer_window=5)
    with torch.no_grad():
        assert net(torch.rand(1, 2, 3, 9, 12)).shape == (1, 3, 3, 36, 48)


def test_wrong_arguments_are_named():
    for arguments, message in (
        ({'order': 'both'}, "order .* got 'both'"),
        ({'interpolator_window': 3}, 'interpolator_window .* got 3'),
        ({'restorer_window': 4}, 'restorer_window .* got 4'),
    ):
        with pytest.raises(ValueError, match=message):
            TwoStageNet(BLEND, BICUBIC, **arguments)
    assert MODELS.get('TwoStageNet') is TwoStageNet
