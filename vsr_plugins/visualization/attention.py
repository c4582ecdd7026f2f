"""Extract the attention maps of a network's attention blocks, as shown in figures 7 and 8 of their paper.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), section
7.1. For long-range blocks (eq. 9): the mean of the softmax rows of the queries in a region, and the regions of keys
with most of the weight. For short-range blocks (eq. 12): the mask, deterministic and for samples of the latent heads.

Forward hooks record the embeddings of the blocks while any network that contains them runs. Of the matrix of queries
and keys only the rows of the region are computed, a few at a time.

Convention:
    Positions are pixels of the input, (column, row) from 0 at the top left. A query covers 2 x 2 of them and a key
    4 x 4, because features have the size of the input and are pooled once for queries and twice for keys.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..models.blocks.attention import LongRangeAttention, ShortRangeAttention
from ..models.blocks.stochastic import LatentHead

QUERY_STRIDE = 2
KEY_STRIDE = 4
# Maximum number of scores in memory: 64 MB.
_MAX_SCORES = 2**24


@dataclass(frozen=True)
class Box:
    """A rectangle of the input, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def cells(self, stride: int) -> tuple[slice, slice]:
        """Return the rows and columns of the cells of ``stride`` pixels that the box overlaps."""
        ends = ((self.top, self.top + self.height), (self.left, self.left + self.width))
        rows, columns = (slice(start // stride, -(-end // stride)) for start, end in ends)
        return rows, columns


@dataclass(frozen=True)
class KeyRegion:
    """A region of keys that a long-range block attends to.

    Attributes:
        frame: Index of its frame among the keys: the chunk's frames, then the key frames.
        box: Position in the frame.
        weight: Share of the attention in the region, 0 to 1.
        ratio: The share divided by that of uniform attention to all keys.
    """

    frame: int
    box: Box
    weight: float
    ratio: float


@dataclass(frozen=True)
class LongRangeMaps:
    """Attention of a long-range block from a query region.

    Attributes:
        name: Name of the block in the network.
        weights: (t, ceil(h / 4), ceil(w / 4)), the mean of the queries' softmax rows. Its sum is 1, or less if the
            network padded the chunk with black frames, which are excluded.
        regions: The regions with most of the weight, strongest first, without overlap.
    """

    name: str
    weights: np.ndarray
    regions: list[KeyRegion]


@dataclass(frozen=True)
class ShortRangeMaps:
    """Mask and response of a short-range block in one frame.

    Attributes:
        name: Name of the block in the network.
        mask: (h, w), the mask of eq. (12), averaged over channels, with heads that return their means.
        response: (h, w), root mean square over channels of the block's residual, with heads that return their means.
        sampled_masks: (s, h, w), masks with heads that draw samples. Those of the first block equal ``mask``: nothing
            is sampled before it.
        sampled_responses: (s, h, w), responses with heads that draw samples.
    """

    name: str
    mask: np.ndarray
    response: np.ndarray
    sampled_masks: np.ndarray
    sampled_responses: np.ndarray


def attention_maps(
    network: nn.Module,
    frames: Tensor,
    frame: int,
    box: Box,
    key_frames: Tensor | None = None,
    num_regions: int = 3,
    num_samples: int = 3,
    other_frames: bool = False,
    seed: int = 0,
) -> list[LongRangeMaps | ShortRangeMaps]:
    """Run a network on one chunk and return the attention of each of its attention blocks.

    Args:
        network: Any network with attention blocks on features of the input's size.
        frames: (t, c, h, w) in [0, 1], the frames that the network processes together.
        frame: Index of the query's frame.
        box: Region of the query.
        key_frames: (k, c, h, w), further frames, for a network whose ``forward`` takes ``key_frames``.
        num_regions: Number of regions of keys to find for a long-range block; they have the query's size.
        num_samples: Number of samples to draw if the network has latent heads.
        other_frames: Exclude regions in the query's frame, as the paper's figure 7 does.
        seed: Seed of the samples.

    Returns:
        One entry per block, in order of computation.

    Raises:
        ValueError: If the network has no attention blocks, or the frame or the region is out of range.
    """
    t, _, h, w = frames.shape
    if not 0 <= frame < t:
        raise ValueError(f"the query's frame must be between 0 and {t - 1}, but got {frame}")
    if (
        min(box.left, box.top) < 0
        or min(box.width, box.height) < 1
        or box.left + box.width > w
        or box.top + box.height > h
    ):
        raise ValueError(f'the region of the query must lie within the frames of {w}x{h} (w x h), but got {box}')
    arguments = {} if key_frames is None else {'key_frames': key_frames[None]}
    with _sampling(network, 0), _recorded(network) as recorded:
        _run(network, frames, arguments)
    if not recorded:
        raise ValueError(f'{type(network).__name__} has no attention blocks to explain')
    sampled: list[dict[str, tuple[np.ndarray, np.ndarray]]] = []
    kinds = {type(module) for module in network.modules()}
    if {LatentHead, ShortRangeAttention} <= kinds:
        with _sampling(network, 1), torch.random.fork_rng(devices=_devices(frames)):
            torch.manual_seed(seed)
            for _ in range(num_samples):
                with _recorded(network, long_range=False) as sample:
                    _run(network, frames, arguments)
                sampled.append({name: _short_range_maps(parts, frame, h, w) for name, parts in sample.items()})

    blocks: list[LongRangeMaps | ShortRangeMaps] = []
    for name, parts in recorded.items():
        block = network.get_submodule(name)
        if isinstance(block, LongRangeAttention):
            real = [*range(t), *range(parts['query'].shape[1], parts['key'].shape[1])]
            weights = mean_attention(parts['query'], parts['key'], (frame, *box.cells(QUERY_STRIDE)), block.scale)
            weights = weights[real].cpu().numpy()
            excluded = frame if other_frames else None
            blocks.append(LongRangeMaps(name, weights, strongest_regions(weights, box, num_regions, excluded)))
        else:
            maps = _short_range_maps(parts, frame, h, w)
            stacked = (np.array([one[name][i] for one in sampled]).reshape(-1, h, w) for i in (0, 1))
            blocks.append(ShortRangeMaps(name, *maps, *stacked))
    return blocks


def mean_attention(query: Tensor, key: Tensor, region: tuple[int, slice, slice], scale: float = 1.0) -> Tensor:
    """Compute the mean of the softmax rows (eq. 9) of the queries of a region.

    Args:
        query: (c, t, h, w).
        key: (c, t', h', w').
        region: Frame, rows and columns of the queries.
        scale: Factor of the scores before the softmax.

    Returns:
        (t', h', w') in float32, with sum 1.
    """
    frame, rows, columns = region
    queries = query[:, frame, rows, columns].flatten(1).float().T
    keys = key.flatten(1).float()
    total = keys.new_zeros(keys.shape[1])
    for part in queries.split(max(_MAX_SCORES // keys.shape[1], 1)):
        total += torch.softmax(scale * part @ keys, dim=1).sum(0)
    return (total / len(queries)).unflatten(0, key.shape[1:])


def strongest_regions(weights: np.ndarray, box: Box, count: int = 3, without: int | None = None) -> list[KeyRegion]:
    """Find the windows of a box's size with most of the weight, greedily and without overlap.

    Args:
        weights: (t, h, w), one per key.
        box: Its size, rounded up to complete keys, is that of the windows.
        count: Maximum number of windows.
        without: Index of a frame to exclude.
    """
    t, h, w = weights.shape
    height, width = min(-(-box.height // KEY_STRIDE), h), min(-(-box.width // KEY_STRIDE), w)
    sums = np.zeros((t, h + 1, w + 1))
    sums[:, 1:, 1:] = weights.astype(np.float64).cumsum(1).cumsum(2)
    windows = sums[:, height:, width:] - sums[:, :-height, width:] - sums[:, height:, :-width]
    windows += sums[:, :-height, :-width]
    if without is not None:
        windows[without] = -np.inf
    regions = []
    while len(regions) < count and np.isfinite(windows).any():
        frame, top, left = (int(i) for i in np.unravel_index(np.argmax(windows), windows.shape))
        weight = float(windows[frame, top, left])
        place = Box(left * KEY_STRIDE, top * KEY_STRIDE, width * KEY_STRIDE, height * KEY_STRIDE)
        regions.append(KeyRegion(frame, place, weight, weight * weights.size / (height * width)))
        near = slice(max(top - height + 1, 0), top + height), slice(max(left - width + 1, 0), left + width)
        windows[(frame, *near)] = -np.inf
    return regions


_Parts = dict[str, Tensor]


@contextmanager
def _recorded(network: nn.Module, long_range: bool = True) -> Iterator[dict[str, _Parts]]:
    """Record the outputs of parts of attention blocks while the network runs, by block and part; the last run wins."""
    recorded: dict[str, _Parts] = {}
    handles = []
    for name, block in network.named_modules():
        if isinstance(block, LongRangeAttention) and long_range:
            # Keys are pooled after their embedding, by a module that the block also uses elsewhere.
            parts = {'query': (block.query, nn.Identity()), 'key': (block.key, block.pool)}
        elif isinstance(block, ShortRangeAttention):
            parts = {'mask': (block.mask_activation, nn.Identity()), 'response': (block.head, nn.Identity())}
        else:
            continue
        for part, (module, then) in parts.items():

            def note(_m: nn.Module, _i: tuple, out: Tensor, name=name, part=part, then=then) -> None:  # noqa: ANN001
                recorded.setdefault(name, {})[part] = then(out)[0]

            handles.append(module.register_forward_hook(note))
    try:
        yield recorded
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _sampling(network: nn.Module, num_samples: int) -> Iterator[None]:
    """Context in which the latent heads average ``num_samples`` samples at test time."""
    heads = [module for module in network.modules() if isinstance(module, LatentHead)]
    before = [head.num_samples for head in heads]
    for head in heads:
        head.num_samples = num_samples
    try:
        yield
    finally:
        for head, number in zip(heads, before, strict=True):
            head.num_samples = number


def _run(network: nn.Module, frames: Tensor, arguments: dict[str, Tensor]) -> None:
    was_training = network.training
    network.eval()
    try:
        with torch.inference_mode():
            network(frames[None], **arguments)
    finally:
        network.train(was_training)


def _devices(frames: Tensor) -> list[torch.device]:
    return [frames.device] if frames.is_cuda else []


def _short_range_maps(parts: _Parts, frame: int, h: int, w: int) -> tuple[np.ndarray, np.ndarray]:
    mask, response = (parts[name][:, frame, :h, :w].float() for name in ('mask', 'response'))
    return mask.mean(0).cpu().numpy(), response.square().mean(0).sqrt().cpu().numpy()
