import pytest
import torch
from mmengine.runner.activation_checkpointing import turn_on_activation_checkpointing
from torch import nn

import vsr_plugins  # noqa: F401


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 3, 3))


@pytest.mark.parametrize('parts', ['0', ['0', '2'], 'generator'])
def test_every_layer_learns_as_without_checkpoints(parts):
    image = torch.rand(1, 3, 9, 9)
    gradients = []
    for checkpointed in (False, True):
        model = nn.Module()
        model.generator = network()
        if checkpointed:
            names = [parts] if isinstance(parts, str) else parts
            turn_on_activation_checkpointing(
                model, [name if name == 'generator' else f'generator.{name}' for name in names]
            )
        model.generator(image).square().sum().backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
    for expected, found in zip(*gradients, strict=True):
        assert found is not None and torch.allclose(expected, found)


def test_keyword_arguments_pass():
    class Layer(nn.Linear):
        def forward(self, x, factor=1):
            return factor * super().forward(x)

    model = nn.Module()
    model.layer = Layer(2, 2)
    x = torch.rand(1, 2)
    expected = model.layer(x, factor=3)
    turn_on_activation_checkpointing(model, 'layer')
    assert torch.equal(model.layer(x, factor=3), expected)
