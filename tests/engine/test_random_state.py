"""States of random number generators, also of a checkpoint loaded to a GPU."""

import random

import numpy as np
import torch

from vsr_plugins.engine.random_state import pack_random_state, preserved_random_state, unpack_random_state


class OnDevice:
    """A tensor that numpy treats as not on the CPU."""

    def __init__(self, tensor):
        self.tensor = tensor

    def cpu(self):
        return self.tensor

    def tolist(self):
        return self.tensor.tolist()

    def numpy(self):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")


def draw():
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_states_are_unpacked_wherever_the_checkpoint_was_loaded():
    with preserved_random_state():
        state = pack_random_state()
        expected = draw()
        version, numbers, gauss = state['python']
        name, keys, *rest = state['numpy']
        state |= dict(python=(version, OnDevice(numbers), gauss), numpy=(name, OnDevice(keys), *rest))
        state['torch'] = OnDevice(state['torch'])
        unpack_random_state(state)
        assert draw() == expected
