import math

import pytest
import torch
from mmagic.structures import DataSample
from mmagic.utils import register_all_modules
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from vsr_plugins.models import VideoESRGAN


class Mean(nn.Module):
    """A discriminator whose score can be computed by hand: ten times the mean of a frame."""

    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(10.0))

    def forward(self, frames):
        assert frames.ndim == 4
        return self.factor * frames.mean(dim=(1, 2, 3))[:, None]


def editor(generator=None, **kwargs):
    register_all_modules()
    torch.manual_seed(0)
    settings = dict(
        pixel_loss=dict(type='L1Loss', loss_weight=1.0),
        gan_loss=dict(type='GANLoss', gan_type='vanilla', loss_weight=1.0, real_label_val=1.0, fake_label_val=0),
        train_cfg={},
        data_preprocessor=dict(type='DataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3),
    )
    small = dict(type='LatentAttentionNet', mid_channels=4, num_layers=3, attn_layout='S', chunk_length=3)
    model = VideoESRGAN(generator=generator or small, **{**settings, **kwargs})
    model.discriminator = Mean()
    model.disc_repeat = 1
    return model


def test_relativistic_averages_run_over_all_frames():
    """Real frames score 4 and 8, fake ones 0 and 2: each is judged against the mean of the others, 6 and 1."""
    model = editor()
    real, fake = torch.tensor([0.4, 0.8]), torch.tensor([0.0, 0.2])
    real, fake = (values[:, None, None, None].expand(2, 3, 4, 4) for values in (real, fake))
    losses = model.g_step(fake, real)
    softplus = [math.log1p(math.exp(x)) for x in (6, 4, 3, 7)]
    # The generator's loss treats fake - 6 as real and real - 1 as fake.
    assert float(losses['loss_gan']) == pytest.approx(sum(softplus) / 4, rel=1e-5)
    assert float(losses['loss_pix']) == pytest.approx(0.5)


def test_a_batch_of_clips_trains_both_networks():
    model = editor()
    optimizers = OptimWrapperDict(
        generator=OptimWrapper(torch.optim.SGD(model.generator.parameters(), lr=0.1)),
        discriminator=OptimWrapper(torch.optim.SGD(model.discriminator.parameters(), lr=0.1)),
    )
    before = {name: value.clone() for name, value in model.named_parameters()}
    batch = {
        'inputs': [torch.randint(0, 256, (3, 3, 8, 8), dtype=torch.uint8) for _ in range(2)],
        'data_samples': [DataSample(gt_img=torch.randint(0, 256, (3, 3, 32, 32), dtype=torch.uint8)) for _ in '12'],
    }
    model.data_preprocessor.input_view = model.data_preprocessor.output_view = (1, -1, 1, 1)
    log = model.train_step(batch, optimizers)
    assert set(log) == {'loss_pix', 'loss_gan', 'loss_d_real', 'loss_d_fake'}
    for name, value in model.named_parameters():
        assert not torch.equal(value, before[name]), name


def test_a_network_of_one_frame_is_trained_as_it_is():
    model = editor(generator=dict(type='VESPCNNet', scale=4))
    frames = model.forward_train(torch.rand(2, 3, 3, 8, 8))
    assert frames.shape == (2, 3, 32, 32)
    assert model.extract_gt_data(DataSample(gt_img=torch.rand(2, 3, 32, 32))).shape == (2, 3, 32, 32)
