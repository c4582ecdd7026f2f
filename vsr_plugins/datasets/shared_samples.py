"""Share the samples of a data set that is measured among several processes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from mmengine.dataset import DefaultSampler
from mmengine.dist import get_dist_info
from torch.utils.data import DataLoader, Sampler


class SharedSamples(Sampler):
    """Indices of the samples of one process.

    Args:
        indices: The indices.
    """

    def __init__(self, indices: Sequence[int]) -> None:
        self.indices = indices

    def __iter__(self) -> Iterator[int]:
        """Yield the indices in order."""
        return iter(self.indices)

    def __len__(self) -> int:
        """Number of samples of this process."""
        return len(self.indices)


def share_samples(loader: DataLoader, whole_clips: bool = False) -> None:
    """Give each sample to exactly one of the processes, by changing a dataloader in place.

    mmengine's ``DefaultSampler`` repeats samples until all processes have the same number, and deals them out one by
    one. Other samplers are left alone, and a single process measures all samples anyway.

    Args:
        loader: A dataloader.
        whole_clips: Give all samples of a clip to one process, in their order, if the data set can say which they are
            (``ClipFramesDataset``).
    """
    rank, count = get_dist_info()
    batches = loader.batch_sampler
    if count == 1 or not isinstance(getattr(batches, 'sampler', None), DefaultSampler | SharedSamples):
        return
    clips = getattr(loader.dataset, 'clip_of_samples', None) if whole_clips else None
    samples = range(len(loader.dataset))
    shares = [samples[first::count] for first in range(count)] if clips is None else shares_of_clips(clips(), count)
    batches.sampler = SharedSamples(shares[rank])


def shares_of_clips(clips: Sequence[str], count: int) -> list[list[int]]:
    """Return the samples of each process, with clips kept together and shares as equal as that allows.

    Args:
        clips: The clip of each sample.
        count: Number of processes.
    """
    samples = defaultdict(list)
    for index, clip in enumerate(clips):
        samples[clip].append(index)
    shares: list[list[int]] = [[] for _ in range(count)]
    for indices in sorted(samples.values(), key=len, reverse=True):
        min(shares, key=len).extend(indices)
    return shares
