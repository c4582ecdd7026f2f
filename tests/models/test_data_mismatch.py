import pytest
import torch
from mmagic.engine.runner import MultiTestLoop, MultiValLoop
from mmagic.models import BaseEditModel
from mmagic.structures import DataSample
from torch import nn

from vsr_plugins.models.data_mismatch import explained_mismatch

MSE = dict(type='MSELoss')


def losses(generator, input_size, target_size, channels=3):
    model = BaseEditModel(generator=generator, pixel_loss=MSE)
    with explained_mismatch(model):
        target = DataSample(gt_img=torch.rand(2, channels, *target_size))
        return model(torch.rand(2, channels, *input_size), data_samples=target, mode='loss')


@pytest.mark.parametrize(
    ('generator', 'input_size', 'target_size'),
    [
        (dict(type='ESPCNNet', in_channels=3, scale=2), (8, 10), (16, 20)),
        (dict(type='SRCNNNet', upscale_factor=4), (8, 10), (32, 40)),
    ],
)
def test_a_network_that_fits_trains(generator, input_size, target_size):
    assert losses(generator, input_size, target_size)['loss'].isfinite()


def test_another_scale_than_the_data_names_both_sizes():
    with pytest.raises(ValueError, match='by 2, but inputs have 8 x 10 and their ground truth 32 x 40'):
        losses(dict(type='ESPCNNet', in_channels=3, scale=2), (8, 10), (32, 40))


def test_the_hook_is_gone_after_the_context():
    model = BaseEditModel(generator=dict(type='ESPCNNet', in_channels=3, scale=2), pixel_loss=MSE)
    with explained_mismatch(model):
        pass
    with pytest.raises(RuntimeError):
        model(torch.rand(1, 3, 8, 8), data_samples=DataSample(gt_img=torch.rand(1, 3, 32, 32)), mode='loss')


def test_one_channel_on_colour_names_what_to_set():
    with (
        pytest.raises(ValueError, match=r'takes 1 channel\(s\), but gets 3: .*in_channels=3'),
        explained_mismatch(conv := nn.Conv2d(1, 4, 3)),
    ):
        conv(torch.rand(1, 3, 8, 8))


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match='out of memory'), explained_mismatch(nn.Identity()):
        raise RuntimeError('out of memory')


@pytest.mark.parametrize('loop', [MultiValLoop, MultiTestLoop])
def test_validation_and_tests_explain_too(loop):
    class Runner:
        model = nn.Conv2d(1, 4, 3)

        def call_hook(self, name):
            self.model(torch.rand(1, 3, 8, 8))

    one = object.__new__(loop)
    one._runner = Runner()
    with pytest.raises(ValueError, match='in_channels=3'):
        loop.run(one)
