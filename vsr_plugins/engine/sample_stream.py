"""Training samples as an endless stream with random access by position."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Dataset, Sampler

from .random_state import hashed, seeded


class SampleStream(Dataset):
    """The endless sequence of training samples: epoch after epoch, each in a separate order.

    The sample at a position depends on the seed and the position only, regardless of the process that loads it and of
    earlier loads: the order is a permutation drawn for the epoch, and the transforms draw their random numbers from
    generators seeded for the position.

    Args:
        dataset: A map-style data set.
        shuffle: Whether an epoch is a random permutation or the data set's own order.
        whole_batches: Request complete batches from the data set's ``batch(indices, draws)``, if it has one, with a
            random uint64 for each sample.

    Attributes:
        seed: Must be set before the first sample is loaded.

    Raises:
        ValueError: If the data set is empty.
    """

    def __init__(self, dataset: Dataset, shuffle: bool = True, whole_batches: bool = False) -> None:
        if len(dataset) == 0:
            raise ValueError(f'the training data set ({type(dataset).__name__}) has no samples')
        self.dataset = dataset
        self.shuffle = shuffle
        self.whole_batches = whole_batches
        self.seed = 0
        self._epoch = -1
        self._order: list[int] = []

    def __len__(self) -> int:
        """Number of samples in an epoch."""
        return len(self.dataset)

    def __getitem__(self, position: int) -> Any:
        """Return the sample at a position, from 0 without end."""
        with seeded(self.seed, position):
            return self.dataset[self.index(position)]

    def __getitems__(self, positions: Sequence[int]) -> Any:
        """Return the samples at some positions: a complete batch if enabled and supported, else a list."""
        if not (self.whole_batches and hasattr(self.dataset, 'batch')):
            return [self[position] for position in positions]
        return self.dataset.batch([self.index(p) for p in positions], hashed(self.seed, positions))

    def index(self, position: int) -> int:
        """Index in the data set of the sample at a position."""
        epoch, place = divmod(position, len(self.dataset))
        if not self.shuffle:
            return place
        if epoch != self._epoch:
            with seeded(self.seed, epoch, 0):
                self._order = torch.randperm(len(self.dataset)).tolist()
            self._epoch = epoch
        return self._order[place]

    def __getattr__(self, name: str) -> Any:
        """Forward other attributes (``metainfo``, ...) to the data set."""
        if name == 'dataset' or name.startswith('__'):
            raise AttributeError(name)
        return getattr(self.dataset, name)


class PositionSampler(Sampler):
    """Positions of a ``SampleStream`` for one of several processes, from ``start`` on, without end.

    Args:
        dataset: The stream.
        rank: Rank of this process.
        world_size: Number of processes.

    Attributes:
        start: Number of samples this process has already loaded.
    """

    def __init__(self, dataset: SampleStream, rank: int = 0, world_size: int = 1) -> None:
        self.dataset = dataset
        self.rank = rank
        self.world_size = world_size
        self.start = 0

    def __iter__(self) -> Iterator[int]:
        """Yield positions."""
        position = self.start * self.world_size + self.rank
        while True:
            yield position
            position += self.world_size

    def __len__(self) -> int:
        """Number of samples in an epoch for this process."""
        return -(-len(self.dataset) // self.world_size)
