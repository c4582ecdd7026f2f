"""Channels-last layout and compiling change the speed of a network, not its output."""

import shutil

import pytest
import torch
from torch import nn

from vsr_plugins.engine import AccelerationHook
from vsr_plugins.engine.acceleration import accelerate
from vsr_plugins.models.reduced import build_reduced, example_inputs


class Plain(nn.Module):
    """A user's network; some versions do not compile the forward of torch's own containers."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x):
        return self.conv(x)


class Runner:
    """The attributes of mmengine's runner that the hook uses."""

    def __init__(self, generator):
        self.model = nn.Module()
        if generator is not None:
            self.model.generator = generator


@pytest.mark.parametrize('name', ['ESPCNNet', 'LatentAttentionNet', 'BasicVSRNet'])
def test_channels_last_changes_neither_names_nor_output(name):
    network = build_reduced(name)
    inputs = example_inputs(network)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with torch.no_grad():
        expected = network(*inputs)
        accelerate(network, channels_last=True)
        torch.testing.assert_close(network(*inputs), expected, atol=1e-5, rtol=1e-4)
    weights = [part.weight for part in network.modules() if isinstance(part, nn.Conv2d) and part.kernel_size != (1, 1)]
    assert all(weight.is_contiguous(memory_format=torch.channels_last) for weight in weights)
    torch.testing.assert_close(network.state_dict(), before)


def test_the_hook_compiles_for_training_only():
    """With a compiler that only counts its inputs."""
    seen = []

    def count(graph, inputs):
        seen.append(tuple(inputs[-1].shape))
        return graph.forward

    torch.compiler.reset()
    network = Plain()
    names = list(network.state_dict())
    runner, hook = Runner(network), AccelerationHook(compile=dict(backend=count))
    hook.before_train(runner)
    network(torch.rand(1, 3, 8, 8))
    assert len(seen) == 1
    hook.before_val(runner)
    network(torch.rand(1, 3, 11, 12))
    assert len(seen) == 1, 'validation was compiled'
    hook.after_val(runner)
    network(torch.rand(1, 3, 8, 8))
    assert len(seen) == 1 and network._compiled_call_impl is not None
    assert list(network.state_dict()) == names


def test_a_model_without_a_generator_is_named():
    with pytest.raises(ValueError, match='Module'):
        AccelerationHook().before_train(Runner(None))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which('g++') is None, reason='no C++ compiler')
def test_a_compiled_step_has_the_gradients_of_an_eager_one():
    network = build_reduced('LatentAttentionNet')
    inputs = example_inputs(network)
    gradients = []
    for options in ({}, dict(compile={}, channels_last=True)):
        accelerate(network, **options)
        network.zero_grad()
        network(*inputs).square().mean().backward()
        gradients.append(torch.cat([parameter.grad.flatten() for parameter in network.parameters()]))
    torch.testing.assert_close(gradients[1], gradients[0], atol=1e-6, rtol=1e-3)
