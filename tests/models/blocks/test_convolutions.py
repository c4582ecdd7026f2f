"""Initial values of layers: deviations of the papers, and biases."""

import math

import pytest
import torch
from torch import nn

from vsr_plugins.models.blocks.convolutions import bias_of, init_kaiming, init_normal, init_zero


@pytest.mark.parametrize(
    ('options', 'gain'),
    [
        ({}, math.sqrt(2)),
        ({'nonlinearity': 'linear'}, 1),
        ({'nonlinearity': 'tanh'}, 5 / 3),
        ({'slope': 0.25}, math.sqrt(2 / 1.0625)),
        ({'scale': 0.1}, math.sqrt(2) / 10),
    ],
)
def test_kaiming_keeps_the_scale_of_features(options, gain):
    torch.manual_seed(0)
    layer = nn.Conv2d(64, 64, 3)
    init_kaiming(layer, **options)
    # 36,864 weights: the deviation of a sample is known to 0.4 %.
    assert layer.weight.std().item() == pytest.approx(gain / math.sqrt(64 * 9), rel=0.02)
    assert not bias_of(layer).any()


def test_every_layer_gets_its_bias():
    layers = nn.Conv2d(3, 4, 3), nn.Conv3d(3, 4, 3), nn.ConvTranspose2d(3, 4, 3), nn.Linear(3, 4)
    init_zero(*layers, bias=-6.0)
    assert all(not layer.weight.any() and (bias_of(layer) == -6).all() for layer in layers)
    torch.manual_seed(0)
    init_normal(*layers, std=1e-3, bias=0.5)
    assert all(layer.weight.any() and layer.weight.abs().max() < 0.01 for layer in layers)
    assert all((bias_of(layer) == 0.5).all() for layer in layers)


def test_a_layer_without_bias():
    layer = nn.Conv2d(3, 4, 3, bias=False)
    init_kaiming(layer)
    with pytest.raises(ValueError, match='bias=False'):
        bias_of(layer)
