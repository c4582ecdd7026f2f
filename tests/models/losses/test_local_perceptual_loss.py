from types import SimpleNamespace

import pytest
import torch
from mmagic.models.losses import perceptual_loss as upstream
from mmagic.registry import MODELS

CONFIG = dict(type='LocalPerceptualLoss', layer_weights={'0': 1.0}, style_weight=0, norm_img=False)
FILE = 'hub/checkpoints/vgg19-dcbb9e9d.pth'


def test_without_the_file_a_model_is_built_and_a_training_raises(monkeypatch, tmp_path):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    loss = MODELS.build(CONFIG)
    assert not loss.state_dict()
    with pytest.raises(FileNotFoundError) as raised:
        loss(torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8))
    for told in (str(tmp_path / 'hub/checkpoints'), 'vgg19-dcbb9e9d.pth', 'model.perceptual_loss=None'):
        assert told in str(raised.value)


def test_with_the_file_it_is_upstreams_loss(monkeypatch, tmp_path):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    (tmp_path / FILE).parent.mkdir(parents=True)
    (tmp_path / FILE).touch()
    torch.manual_seed(0)
    # The layers that torchvision would load from it.
    layers = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU())
    monkeypatch.setattr(upstream.vgg, 'vgg19', lambda pretrained: SimpleNamespace(features=layers))
    x, gt = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)
    ours = MODELS.build(CONFIG)(x, gt)
    theirs = upstream.PerceptualLoss({'0': 1.0}, style_weight=0, norm_img=False)(x, gt)
    assert torch.equal(ours[0], theirs[0]) and ours[0] > 0 and ours[1] is None
