"""Draw the attention of a trained network on a clip, or the weights of its branches, to files."""

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
from ..media.atomic_files import atomic_write, require_output
from ..models.blocks.chunking import chunk_spans
from ..models.input_spec import input_spec
from ..temporal_windows import window_indices
from .alignment_maps import alignment_figure, alignment_maps
from .attention import Box, LongRangeMaps, ShortRangeMaps, attention_maps
from .attention_figures import long_range_figure, short_range_figure
from .comparison import most_detailed_window
from .weight_maps import weight_map_figure


@dataclass(frozen=True)
class Explanation:
    """Attention of a network's blocks from one region of a clip.

    Attributes:
        blocks: Attention of each block, in order of computation.
        frames: The frames of the chunk, then the key frames, (h, w, 3) uint8 RGB.
        captions: Caption of each frame, with its number in the clip.
        frame: Index in ``frames`` of the query's frame.
        box: Region of the query.
    """

    blocks: list[LongRangeMaps | ShortRangeMaps]
    frames: list[np.ndarray]
    captions: list[str]
    frame: int
    box: Box

    def save(self, folder: str | Path, title: str = '', overwrite: bool = False) -> list[Path]:
        """Draw one picture per block.

        Args:
            folder: Output folder; files are named after blocks, ``1_long_range.png``, ``2_short_range.png``, ...
            title: First part of the title of each picture.
            overwrite: Replace existing files.

        Returns:
            The paths of the pictures.

        Raises:
            FileExistsError: If a file exists and ``overwrite`` is off; then nothing is written.
        """
        folder = Path(folder)
        kinds = ['long_range' if isinstance(part, LongRangeMaps) else 'short_range' for part in self.blocks]
        paths = [folder / f'{number}_{kind}.png' for number, kind in enumerate(kinds, 1)]
        for path in paths:
            require_output(path, overwrite)
        folder.mkdir(parents=True, exist_ok=True)
        for number, (part, path) in enumerate(zip(self.blocks, paths, strict=True), 1):
            heading = f'{title}{", " if title else ""}block {number} of {len(paths)} ({part.name})'
            if isinstance(part, LongRangeMaps):
                figure = long_range_figure(part, self.frames, self.captions, self.frame, self.box, heading)
            else:
                figure = short_range_figure(part, self.frames[self.frame], self.captions[self.frame], self.box, heading)
            with atomic_write(path) as partial:
                figure.savefig(partial)
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
    """Compute the attention of a network's blocks from one region of a clip.

    Only the frames that the network processes together with the region's frame are read: the chunk of its output, or
    the complete clip if the network has no ``chunk_length``.

    Args:
        network: A network with attention blocks, frames in [0, 1] in RGB.
        clip: A video file or a folder of frames.
        frame: Number of the query's frame in the clip, from 0. Default: the middle of the first chunk.
        box: Left, top, width and height of the query in pixels of the input. Default: the window, a sixth of the
            frame's shorter side, with most detail.
        num_key_frames: Number of key frames of the clip to pass to the network, from outside the chunk if there are
            enough.
        downscale: Factor to downsample the clip by first, if it is ground truth instead of an input.
        num_regions: Number of regions of keys, see ``attention_maps``.
        num_samples: Number of samples if the network has latent heads.
        other_frames: Exclude regions of keys in the query's frame.
        seed: Seed of the samples.

    Raises:
        FileNotFoundError: If the clip does not exist.
        ValueError: If an argument does not fit the clip or the network.
    """
    source = clip if isinstance(clip, ClipSource) else ClipSource(clip)
    start, stop = _chunk(network, source, frame)
    frames = [_downsampled(image, downscale) for image in source.read(start, stop)]
    frame = len(frames) // 2 if frame is None else frame
    if frame - start >= len(frames):
        raise ValueError(f'{source.path} has {start + len(frames)} frames, counted from 0, but got frame {frame}')
    captions = [f'frame {start + i}' for i in range(len(frames))]
    keys: list[np.ndarray] = []
    if num_key_frames:
        if 'key_frames' not in inspect.signature(network.forward).parameters:
            raise ValueError(f'{type(network).__name__} takes no key frames, but got num_key_frames={num_key_frames}')
        chosen = source.key_frames(num_key_frames, range(start, start + len(frames)))
        keys = [_downsampled(source.read(i, i + 1)[0], downscale) for i in chosen]
        captions += [f'key frame {i}' for i in chosen]
    image = frames[frame - start]
    if box is None:
        size = max(min(image.shape[:2]) // 6, min(*image.shape[:2], 8))
        top, left = most_detailed_window(image, size, size)
        box = (left, top, size, size)
    device = next(network.parameters()).device
    blocks = attention_maps(
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
    return Explanation(blocks, [*frames, *keys], captions, frame - start, Box(*box))


def weighs_branches(network: nn.Module) -> bool:
    """Whether a network weighs several estimates of a frame, like ``TemporalAdaptiveNet``, also inside an aligner."""
    return hasattr(getattr(network, 'network', network), 'weight_maps')


def explain_weights(
    network: nn.Module, clip: str | Path | ClipSource, frame: int | None = None, downscale: int = 1, title: str = ''
) -> Figure:
    """Draw a frame that a network restores from weighted estimates, and the weight of each estimate.

    Args:
        network: A network for which ``weighs_branches`` is true, frames in [0, 1] in RGB.
        clip: A video file or a folder of frames.
        frame: Number of the frame in the clip, from 0. Default: the middle of the first window, or of a shorter clip.
        downscale: Factor to downsample the clip by first, if it is ground truth instead of an input.
        title: First part of the title of the figure.

    Raises:
        FileNotFoundError: If the clip does not exist.
        ValueError: If ``frame`` is outside the clip.
    """
    frames, frame = _window(clip, input_spec(network).window, frame, downscale)
    device = next(network.parameters()).device
    with torch.inference_mode():
        output, weights = network(_tensor(frames, device)[None], return_weights=True)
    restored = quantized(output[0].clamp(0, 1).cpu(), frames[0].dtype)
    figure = weight_map_figure(restored, weights[0].float().cpu().numpy())
    figure.suptitle(f'{title}{", " if title else ""}frame {frame}', fontsize=10)
    return figure


def explain_alignment(
    network: nn.Module, clip: str | Path | ClipSource, frame: int | None = None, downscale: int = 1, title: str = ''
) -> Figure:
    """Draw the flow between features before and after the alignment of EDVR, and the temporal attention of its fusion.

    Args:
        network: A network for which ``aligns_features`` is true, frames in [0, 1] in RGB.
        clip: A video file or a folder of frames.
        frame: Number of the frame in the clip, from 0. Default: the middle of the first window, or of a shorter clip.
        downscale: Factor to downsample the clip by first, if it is ground truth instead of an input.
        title: First part of the title of the figure.

    Raises:
        FileNotFoundError: If the clip does not exist.
        ValueError: If ``frame`` is outside the clip.
    """
    spec = input_spec(network)
    frames, frame = _window(clip, spec.window, frame, downscale)
    h, w = (size // spec.multiple_of * spec.multiple_of for size in frames[0].shape[:2])
    frames = [image[:h, :w] for image in frames]
    maps = alignment_maps(network, _tensor(frames, next(network.parameters()).device)[None])
    return alignment_figure(maps, frames, f'{title}{", " if title else ""}frame {frame}')


def _window(
    clip: str | Path | ClipSource, size: int, frame: int | None, downscale: int
) -> tuple[list[np.ndarray], int]:
    """Read the window of ``size`` frames around a frame; return it and the number of the frame in the clip."""
    source = clip if isinstance(clip, ClipSource) else ClipSource(clip)
    half = size // 2
    if frame is not None and frame < 0:
        raise ValueError(f'frames are counted from 0, but got {frame}')
    start = 0 if frame is None else max(frame - 2 * half, 0)
    frames = source.read(start, (half if frame is None else frame) + 2 * half + 1)
    frame = min(half, len(frames) // 2) if frame is None else frame
    if frame - start >= len(frames):
        raise ValueError(f'{source.path} has {start + len(frames)} frames, counted from 0, but got frame {frame}')
    # Frames missing from the window are mirrored; enough frames on the other side were read for that.
    chosen = window_indices(frame - start, len(frames), size)
    return [_downsampled(frames[i], downscale) for i in chosen], frame


def _chunk(network: nn.Module, source: ClipSource, frame: int | None) -> tuple[int, int | None]:
    """Return the first frame and the end of the chunk of a frame's output; the first chunk if ``frame`` is None."""
    length, overlap = getattr(network, 'chunk_length', None), getattr(network, 'chunk_overlap', 0)
    if frame is not None and frame < 0:
        raise ValueError(f'frames are counted from 0, but got {frame}')
    if length is None or frame is None:
        return 0, length
    # Without overlap the chunks do not depend on the end of the clip, so the frames of a video are not counted.
    total = max(source.count(), frame + 1) if overlap else frame + 1
    (start,) = (start for start, first, end in chunk_spans(total, length, overlap) if first <= frame < end)
    return start, start + length


def _downsampled(image: np.ndarray, downscale: int) -> np.ndarray:
    if downscale == 1:
        return image
    h, w = (size // downscale * downscale for size in image.shape[:2])
    return bicubic_downsample(image[:h, :w], downscale)


def _tensor(frames: list[np.ndarray], device: torch.device) -> Tensor:
    return torch.from_numpy(np.stack(frames)).to(device).permute(0, 3, 1, 2).float() / 255
