"""The attention of a trained network on a clip, or what its branches count there, drawn to files."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from ..datasets.clip_source import ClipSource
from ..degradation import bicubic_downsample
from ..inference.job.output_frames import quantized
from ..models.blocks.chunking import chunk_spans
from ..temporal_windows import window_indices
from .attention import Box, LongRangeLook, ShortRangeLook, look
from .attention_figures import long_range_figure, short_range_figure
from .comparison import most_detailed_window
from .weight_maps import weight_map_figure


@dataclass(frozen=True)
class Explanation:
    """What the attention blocks of a network look at from one region of a clip.

    Attributes:
        looks: One a block, in the order they are computed.
        frames: The frames of the chunk, then the key frames, (h, w, 3) uint8 RGB.
        captions: What each is called, by its number in the clip.
        frame: Index in ``frames`` of the query's frame.
        box: The region of the query.
    """

    looks: list[LongRangeLook | ShortRangeLook]
    frames: list[np.ndarray]
    captions: list[str]
    frame: int
    box: Box

    def save(self, folder: str | Path, title: str = '', overwrite: bool = False) -> list[Path]:
        """Draw a picture a block.

        Args:
            folder: Where to; the files are called after the blocks, ``1_long_range.png``, ``2_short_range.png``, ...
            title: What to write above each.
            overwrite: Replace files that are there.

        Raises:
            FileExistsError: If a file is there and ``overwrite`` is off; then nothing is written.
        """
        folder = Path(folder)
        kinds = ['long_range' if isinstance(part, LongRangeLook) else 'short_range' for part in self.looks]
        paths = [folder / f'{number}_{kind}.png' for number, kind in enumerate(kinds, 1)]
        there = [path for path in paths if path.exists()]
        if there and not overwrite:
            raise FileExistsError(f'{there[0]} is already there; remove it or ask for overwriting')
        folder.mkdir(parents=True, exist_ok=True)
        for number, (part, path) in enumerate(zip(self.looks, paths, strict=True), 1):
            heading = f'{title}{", " if title else ""}block {number} of {len(paths)} ({part.name})'
            if isinstance(part, LongRangeLook):
                figure = long_range_figure(part, self.frames, self.captions, self.frame, self.box, heading)
            else:
                figure = short_range_figure(part, self.frames[self.frame], self.captions[self.frame], self.box, heading)
            figure.savefig(path)
        return paths


def explain(
    network: nn.Module,
    clip: str | Path | ClipSource,
    frame: int | None = None,
    box: Sequence[int] | None = None,
    num_key_frames: int = 0,
    downscale: int = 1,
    num_regions: int = 3,
    num_samples: int = 3,
    other_frames: bool = False,
    seed: int = 0,
) -> Explanation:
    """Say what the attention blocks of a network look at from one region of a clip.

    The frames that the network computes together with the region's are read and no others: the chunk that its output
    comes from, or the whole clip where the network has no ``chunk_length``.

    Args:
        network: A network with attention blocks, frames in [0, 1] in RGB.
        clip: A video file or a folder of frames.
        frame: Number of the query's frame in the clip, from 0. Default: the middle of the first chunk.
        box: Left, top, width and height of the query in pixels of the input. Default: the window, a sixth of the
            frame's shorter side, with the most detail.
        num_key_frames: Give the network so many key frames of the clip, from beyond the chunk where there are enough.
        downscale: Make the clip so many times smaller first, where it is ground truth rather than an input.
        num_regions: See ``look``, as the following.
        num_samples: Samples of the latent heads, where there are any.
        other_frames: Look for key regions in other frames than the query's alone.
        seed: Of the samples.

    Raises:
        FileNotFoundError: If there is no such clip.
        ValueError: If an argument does not fit the clip or the network.
    """
    source = clip if isinstance(clip, ClipSource) else ClipSource(clip)
    start, stop = _chunk(network, source, frame)
    frames = [_smaller(image, downscale) for image in source.read(start, stop)]
    frame = len(frames) // 2 if frame is None else frame
    if frame - start >= len(frames):
        raise ValueError(f'{source.path} has {start + len(frames)} frames, counted from 0, but frame {frame} was asked')
    captions = [f'frame {start + i}' for i in range(len(frames))]
    keys: list[np.ndarray] = []
    if num_key_frames:
        if 'key_frames' not in inspect.signature(network.forward).parameters:
            raise ValueError(f'{type(network).__name__} takes no key frames')
        chosen = source.key_frames(num_key_frames, range(start, start + len(frames)))
        keys = [_smaller(source.read(i, i + 1)[0], downscale) for i in chosen]
        captions += [f'key frame {i}' for i in chosen]
    image = frames[frame - start]
    if box is None:
        size = max(min(image.shape[:2]) // 6, min(*image.shape[:2], 8))
        top, left = most_detailed_window(image, size, size)
        box = (left, top, size, size)
    device = next(network.parameters()).device
    looks = look(
        network,
        _tensor(frames, device),
        frame - start,
        Box(*box),
        _tensor(keys, device) if keys else None,
        num_regions,
        num_samples,
        other_frames,
        seed,
    )
    return Explanation(looks, [*frames, *keys], captions, frame - start, Box(*box))


def weighs_branches(network: nn.Module) -> bool:
    """Whether a network weighs several estimates of a frame, as ``TemporalAdaptiveNet``, with or without an aligner."""
    return hasattr(getattr(network, 'network', network), 'weight_maps')


def explain_weights(
    network: nn.Module, clip: str | Path | ClipSource, frame: int | None = None, downscale: int = 1, title: str = ''
) -> Figure:
    """Draw a frame that a network restores from weighed estimates, and the weight of each.

    Args:
        network: One of which ``weighs_branches`` is true, frames in [0, 1] in RGB.
        clip: A video file or a folder of frames.
        frame: Number of the frame in the clip, from 0. Default: the middle of the first window, or of a shorter clip.
        downscale: Make the clip so many times smaller first, where it is ground truth rather than an input.
        title: What to write above it.

    Raises:
        FileNotFoundError: If there is no such clip.
        ValueError: If the clip has no such frame.
    """
    source = clip if isinstance(clip, ClipSource) else ClipSource(clip)
    half = network.window // 2
    if frame is not None and frame < 0:
        raise ValueError(f'frames are counted from 0, but got {frame}')
    start = 0 if frame is None else max(frame - 2 * half, 0)
    frames = source.read(start, (half if frame is None else frame) + 2 * half + 1)
    frame = min(half, len(frames) // 2) if frame is None else frame
    if frame - start >= len(frames):
        raise ValueError(f'{source.path} has {start + len(frames)} frames, counted from 0, but frame {frame} was asked')
    # What is missing of the window is mirrored, for which as many frames on the other side were read.
    chosen = window_indices(frame - start, len(frames), network.window)
    device = next(network.parameters()).device
    with torch.inference_mode():
        window = _tensor([_smaller(frames[i], downscale) for i in chosen], device)[None]
        output, weights = network(window, return_weights=True)
    restored = quantized(output[0].clamp(0, 1).cpu(), frames[0].dtype)
    figure = weight_map_figure(restored, weights[0].float().cpu().numpy())
    figure.suptitle(f'{title}{", " if title else ""}frame {frame}', fontsize=10)
    return figure


def _chunk(network: nn.Module, source: ClipSource, frame: int | None) -> tuple[int, int | None]:
    """First frame and end of the chunk that the output of a frame comes from; None is a frame of the first chunk."""
    length, overlap = getattr(network, 'chunk_length', None), getattr(network, 'chunk_overlap', 0)
    if frame is not None and frame < 0:
        raise ValueError(f'frames are counted from 0, but got {frame}')
    if length is None or frame is None:
        return 0, length
    # Without overlap the end of a clip changes nothing about its chunks, and a video need not be counted.
    total = max(source.count(), frame + 1) if overlap else frame + 1
    (start,) = (start for start, first, end in chunk_spans(total, length, overlap) if first <= frame < end)
    return start, start + length


def _smaller(image: np.ndarray, downscale: int) -> np.ndarray:
    if downscale == 1:
        return image
    h, w = (size // downscale * downscale for size in image.shape[:2])
    return bicubic_downsample(image[:h, :w], downscale)


def _tensor(frames: list[np.ndarray], device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack(frames)).to(device).permute(0, 3, 1, 2).float() / 255
