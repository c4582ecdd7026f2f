"""Preserve, seed, pack and unpack the states of the random number generators."""

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def preserved_random_state() -> Iterator[None]:
    """Restore Python's, numpy's and torch's CPU generators on exit."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])


@contextmanager
def seeded(*entropy: int) -> Iterator[None]:
    """Seed the CPU generators from the numbers within the context, and restore them on exit."""
    with preserved_random_state():
        _seed_cpu(entropy)
        yield


def seed_all(*entropy: int) -> None:
    """Seed the generators of the CPU and of all CUDA devices from the numbers."""
    torch.cuda.manual_seed_all(_seed_cpu(entropy))


def _seed_cpu(entropy: Sequence[int]) -> int:
    """Seed the CPU generators and return torch's seed."""
    numbers = np.random.SeedSequence(entropy).generate_state(3)
    random.seed(int(numbers[0]))
    np.random.seed(int(numbers[1]))
    # Not torch.manual_seed, which also seeds CUDA.
    torch.random.default_generator.manual_seed(int(numbers[2]))
    return int(numbers[2])


def hashed(seed: int, numbers: Sequence[int]) -> np.ndarray:
    """Return a random uint64 for each number, determined by the seed: a generator with random access.

    The finalizer of SplitMix64 (Steele, Lea and Flood 2014) on a Weyl sequence that begins at a hash of the seed.
    """
    start = np.random.SeedSequence(seed).generate_state(1, np.uint64)
    with np.errstate(over='ignore'):
        z = start + np.asarray(numbers, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def pack_random_state() -> dict:
    """Return the states of all generators as tensors and builtin numbers, for a checkpoint."""
    version, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()
    return dict(
        python=(version, torch.tensor(numbers, dtype=torch.int64), gauss),
        numpy=(name, torch.from_numpy(keys.astype(np.int64)), int(position), int(has_gauss), float(cached)),
        torch=torch.get_rng_state(),
        cuda=torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    )


def unpack_random_state(state: dict) -> None:
    """Restore the states of ``pack_random_state``; CUDA's only if the number of devices is the same."""
    version, numbers, gauss = state['python']
    random.setstate((version, tuple(numbers.tolist()), gauss))
    name, keys, position, has_gauss, cached = state['numpy']
    np.random.set_state((name, keys.cpu().numpy().astype(np.uint32), position, has_gauss, cached))
    torch.set_rng_state(state['torch'].cpu())
    if torch.cuda.is_available() and len(state['cuda']) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all([device.cpu() for device in state['cuda']])
