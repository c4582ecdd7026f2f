"""The states of the random number generators: kept aside, seeded, saved and restored."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from mmagic.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.runner import Runner

KEY = 'random_state'


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """Leave Python's, numpy's and torch's CPU generators as they were found."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


@contextmanager
def seeded(*entropy: int) -> Iterator[None]:
    """Seed the CPU generators from some numbers for a while, then leave them as they were found."""
    numbers = np.random.SeedSequence(entropy).generate_state(3)
    with preserved_random_state():
        random.seed(int(numbers[0]))
        np.random.seed(int(numbers[1]))
        torch.random.default_generator.manual_seed(int(numbers[2]))
        yield


@HOOKS.register_module()
class RandomStateHook(Hook):
    """Saves the generators' states with each checkpoint and restores them when training resumes from it.

    Layers that draw numbers (noise, dropout) then draw the same ones as in an uninterrupted run. Fine-tuning
    (``load_from``) starts from the seed instead. In a distributed run the states are those of the first process, and
    the others go on from their seed. ``ResumableIterBasedTrainLoop`` registers this hook by itself.
    """

    # Restores after every other hook of ``before_train`` has drawn what it draws.
    priority = 'LOWEST'

    def __init__(self) -> None:
        self._loaded: dict | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the states to what is saved, as tensors and plain numbers."""
        version, numbers, gauss = random.getstate()
        name, keys, position, has_gauss, cached = np.random.get_state()
        checkpoint[KEY] = dict(
            python=(version, torch.tensor(numbers, dtype=torch.int64), gauss),
            numpy=(name, torch.from_numpy(keys.astype(np.int64)), int(position), int(has_gauss), float(cached)),
            torch=torch.get_rng_state(),
            cuda=torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
        )

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Keep the states; mmengine seeds the generators after this."""
        self._loaded = checkpoint.get(KEY) if runner._resume else None

    def before_train(self, runner: Runner) -> None:
        """Restore the states, right before the first iteration."""
        if self._loaded is None or runner.rank != 0:
            return
        version, numbers, gauss = self._loaded['python']
        random.setstate((version, tuple(numbers.tolist()), gauss))
        name, keys, position, has_gauss, cached = self._loaded['numpy']
        np.random.set_state((name, keys.numpy().astype(np.uint32), position, has_gauss, cached))
        torch.set_rng_state(self._loaded['torch'].cpu())
        if torch.cuda.is_available() and len(self._loaded['cuda']) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all([state.cpu() for state in self._loaded['cuda']])
        self._loaded = None
