"""Where the attention blocks of a network look, what figures 7 and 8 of their paper show.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), section
7.1. For long-range blocks (eq. 9): the mean of the softmax rows of the queries in a region, and the regions of keys
that hold most of it. For short-range blocks (eq. 12): the mask, and what sampling the latent heads makes of it.

The blocks are watched while the network runs, in whatever network they are plugged; their embeddings are taken as
they come, and of the matrix of queries and keys only the rows of the region are ever computed, a few at a time.

Convention:
    Positions are pixels of the input, (column, row) from 0 at the top left. A query stands for 2 x 2 of them and a key
    for 4 x 4, as features have the size of the input and are pooled once and twice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..models.blocks.attention import LatentHead, LongRangeAttention, ShortRangeAttention

QUERY_STRIDE = 2
KEY_STRIDE = 4
# Scores held at a time: 64 MB of them.
_SCORES_AT_ONCE = 2**24


@dataclass(frozen=True)
class Box:
    """A rectangle of the input, in pixels."""

    left: int
    top: int
    width: int
    height: int

    def cells(self, stride: int) -> tuple[slice, slice]:
        """Rows and columns of the cells of ``stride`` pixels that it touches."""
        ends = ((self.top, self.top + self.height), (self.left, self.left + self.width))
        rows, columns = (slice(start // stride, -(-end // stride)) for start, end in ends)
        return rows, columns


@dataclass(frozen=True)
class KeyRegion:
    """A region that a long-range block looks at.

    Attributes:
        frame: Index of its frame among the keys: the chunk's frames, then the key frames.
        box: Where in the frame.
        weight: Share of the attention that falls there, 0 to 1.
        ratio: The share over that of equal attention to every key.
    """

    frame: int
    box: Box
    weight: float
    ratio: float


@dataclass(frozen=True)
class LongRangeLook:
    """What a long-range block looks at from a region.

    Attributes:
        name: The block's name in the network.
        weights: (t, ceil(h / 4), ceil(w / 4)), the mean of the queries' rows of the softmax. Its sum is 1, or less
            where the network filled the chunk with black frames, which are left out here.
        regions: Those that hold most of it, strongest first, none over another.
    """

    name: str
    weights: np.ndarray
    regions: list[KeyRegion]


@dataclass(frozen=True)
class ShortRangeLook:
    """What a short-range block lets through in one frame.

    Attributes:
        name: The block's name in the network.
        mask: (h, w), the mask of eq. (12), averaged over channels, where the heads give their means.
        response: (h, w), root mean square over channels of what the block adds to the features, likewise.
        sampled_masks: (s, h, w), masks where every head of the network draws a sample. Those of the first block equal
            ``mask``: nothing before it is drawn.
        sampled_responses: (s, h, w).
    """

    name: str
    mask: np.ndarray
    response: np.ndarray
    sampled_masks: np.ndarray
    sampled_responses: np.ndarray


def look(
    network: nn.Module,
    frames: Tensor,
    frame: int,
    box: Box,
    key_frames: Tensor | None = None,
    num_regions: int = 3,
    num_samples: int = 3,
    other_frames: bool = False,
    seed: int = 0,
) -> list[LongRangeLook | ShortRangeLook]:
    """Run a network on one chunk and say what each of its attention blocks looks at.

    Args:
        network: Any network with attention blocks on features of the input's size.
        frames: (t, c, h, w) in [0, 1], the frames that the network computes together.
        frame: Index of the frame of the query.
        box: The region of the query.
        key_frames: (k, c, h, w), further frames, for a network whose ``forward`` takes ``key_frames``.
        num_regions: How many regions of keys to find for a long-range block; they are of the query's size.
        num_samples: How many samples to draw where the network has latent heads.
        other_frames: Look for regions in other frames than the query's alone, as the paper's figure 7 does.
        seed: Of the samples.

    Returns:
        One entry a block, in the order they are computed.

    Raises:
        ValueError: If the network has no attention blocks, or the region is not within the frame.
    """
    t, _, h, w = frames.shape
    if not 0 <= frame < t:
        raise ValueError(f'the frame of the query must be one of {t}, but got {frame}')
    if (
        min(box.left, box.top) < 0
        or min(box.width, box.height) < 1
        or box.left + box.width > w
        or box.top + box.height > h
    ):
        raise ValueError(f'the region of the query must lie within the frames of {w}x{h} (w x h), but got {box}')
    arguments = {} if key_frames is None else {'key_frames': key_frames[None]}
    with _drawing(network, 0), _watched(network) as seen:
        _run(network, frames, arguments)
    if not seen:
        raise ValueError(f'{type(network).__name__} has no attention blocks to explain')
    sampled: list[dict[str, tuple[np.ndarray, np.ndarray]]] = []
    kinds = {type(module) for module in network.modules()}
    if {LatentHead, ShortRangeAttention} <= kinds:
        with _drawing(network, 1), torch.random.fork_rng(devices=_devices(frames)):
            torch.manual_seed(seed)
            for _ in range(num_samples):
                with _watched(network, long_range=False) as again:
                    _run(network, frames, arguments)
                sampled.append({name: _short_range_maps(parts, frame, h, w) for name, parts in again.items()})

    looks: list[LongRangeLook | ShortRangeLook] = []
    for name, parts in seen.items():
        block = network.get_submodule(name)
        if isinstance(block, LongRangeAttention):
            real = [*range(t), *range(parts['query'].shape[1], parts['key'].shape[1])]
            weights = mean_attention(parts['query'], parts['key'], (frame, *box.cells(QUERY_STRIDE)), block.scale)
            weights = weights[real].cpu().numpy()
            without = frame if other_frames else None
            looks.append(LongRangeLook(name, weights, strongest_regions(weights, box, num_regions, without)))
        else:
            maps = _short_range_maps(parts, frame, h, w)
            stacked = (np.array([one[name][i] for one in sampled]).reshape(-1, h, w) for i in (0, 1))
            looks.append(ShortRangeLook(name, *maps, *stacked))
    return looks


def mean_attention(query: Tensor, key: Tensor, region: tuple[int, slice, slice], scale: float = 1.0) -> Tensor:
    """The mean of the softmax rows (eq. 9) of the queries of a region.

    Args:
        query: (c, t, h, w).
        key: (c, t', h', w').
        region: Frame, rows and columns of the queries.
        scale: Factor of the scores before the softmax.

    Returns:
        (t', h', w') in float32, with the sum 1.
    """
    frame, rows, columns = region
    queries = query[:, frame, rows, columns].flatten(1).float().T
    keys = key.flatten(1).float()
    total = keys.new_zeros(keys.shape[1])
    for some in queries.split(max(_SCORES_AT_ONCE // keys.shape[1], 1)):
        total += torch.softmax(scale * some @ keys, dim=1).sum(0)
    return (total / len(queries)).unflatten(0, key.shape[1:])


def strongest_regions(weights: np.ndarray, box: Box, count: int = 3, without: int | None = None) -> list[KeyRegion]:
    """The windows of a box's size that hold most of the weight, found one after the other, none over another.

    Args:
        weights: (t, h, w), one a key.
        box: Its size is the windows', in whole keys.
        count: How many; fewer where there is no room for more.
        without: Index of a frame to pass over.
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


_Seen = dict[str, Tensor]


@contextmanager
def _watched(network: nn.Module, long_range: bool = True) -> Iterator[dict[str, _Seen]]:
    """What the parts of attention blocks make while the network runs, by block and part; the last time counts."""
    seen: dict[str, _Seen] = {}
    handles = []
    for name, block in network.named_modules():
        if isinstance(block, LongRangeAttention) and long_range:
            # Keys are pooled after their embedding, by the block that also pools other things.
            parts = {'query': (block.query, nn.Identity()), 'key': (block.key, block.pool)}
        elif isinstance(block, ShortRangeAttention):
            parts = {'mask': (block.mask_activation, nn.Identity()), 'response': (block.head, nn.Identity())}
        else:
            continue
        for part, (module, then) in parts.items():

            def note(_m: nn.Module, _i: tuple, out: Tensor, name=name, part=part, then=then) -> None:  # noqa: ANN001
                seen.setdefault(name, {})[part] = then(out)[0]

            handles.append(module.register_forward_hook(note))
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


@contextmanager
def _drawing(network: nn.Module, num_samples: int) -> Iterator[None]:
    """Within the context the latent heads average so many samples at test time."""
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


def _short_range_maps(parts: _Seen, frame: int, h: int, w: int) -> tuple[np.ndarray, np.ndarray]:
    mask, response = (parts[name][:, frame, :h, :w].float() for name in ('mask', 'response'))
    return mask.mean(0).cpu().numpy(), response.square().mean(0).sqrt().cpu().numpy()
