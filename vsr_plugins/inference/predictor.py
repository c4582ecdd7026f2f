"""A model at work on frames: its normalisation, its device, half precision, tiles."""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from itertools import chain, islice
from time import perf_counter
from typing import Literal

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..models.blocks.fast.allocator import keep_freed_memory
from ..models.blocks.resize import bicubic_upsample, pad_to_multiple
from ..models.input_spec import input_spec
from ..temporal_windows import mirrored
from .chunks import pair_up, run_chunks, run_windows
from .memory import is_out_of_memory
from .tiling import SMALLEST, Tiler, choose_tile, tiling_of

logger = logging.getLogger(__name__)

PRECISIONS = ('auto', 'float32', 'half')
# Frames of so few pixels are never worth a tile, nor a try of how much memory they take.
SMALL = 256 * 256


class _OverflowError(Exception):
    """An output in half precision is not finite."""


class VideoPredictor:
    """Restores the scenes of a video with the network of a model, fed as the network needs it.

    Args:
        model: A child of mmagic's ``BaseEditModel``, or a bare network on RGB in [0, 1].
        device: Where to compute.
        precision: ``'half'`` lets PyTorch's autocast compute in float16 (bfloat16 on the CPU), and goes on in float32
            from the first output on that is not finite; deformable sampling and flow stay in float32 either way.
            ``'auto'`` is half on CUDA devices with tensor cores, else float32.
        tile: Height and width of tiles in pixels of the input; None chooses by the memory that is there, 0 takes
            frames whole. In each case a tile that runs out of memory is halved.

    Attributes:
        needs: Of the network.
        seconds: Spent in the network so far.

    Raises:
        ValueError: If the network does not say what it spec, or an option is unknown.
    """

    def __init__(
        self,
        model: nn.Module,
        device: str | torch.device = 'cpu',
        precision: Literal['auto', 'float32', 'half'] = 'auto',
        tile: int | None = None,
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f'precision must be one of {", ".join(PRECISIONS)}, but got {precision!r}')
        if tile is not None and tile < 0:
            raise ValueError(f'tile must be a number of pixels, 0 for none or None to choose, but got {tile}')
        keep_freed_memory()
        self.device = torch.device(device)
        self.network = network_of(model).to(self.device).eval()
        self.spec = input_spec(self.network)
        self.half = precision == 'half' or (precision == 'auto' and _good_at_half(self.device))
        self.seconds = 0.0
        self._mean, self._std, self._bgr = normalisation_of(model, self.device)
        self._tile = tile
        self._tiler: Tiler | None = None
        self._told = False

    def restore(self, frames: Iterator[np.ndarray]) -> Iterator[tuple[Tensor, ...]]:
        """Restore a scene.

        Args:
            frames: (h, w, 3) RGB, uint8 or uint16, of one size.

        Yields:
            For each frame what was made of it: (3, scale * h, scale * w) in [0, 1] on the CPU; two of them where the
            network interpolates, but one of the last.
        """
        tensors: Iterator[Tensor] = map(_to_tensor, frames)
        if self._tiler is None:
            ahead = list(islice(tensors, self.spec.window or self.spec.clip_len))
            tensors = chain(ahead, tensors)
            self._plan(ahead)
        return self._restore(tensors)

    def _plan(self, ahead: list[Tensor]) -> None:
        """Choose the size of tiles by the first frames."""
        tile = self._tile
        if tile is None:
            tile = 0
            if ahead and ahead[0].shape[-2] * ahead[0].shape[-1] > SMALL:
                tile = choose_tile(self._run, torch.stack(ahead)[None], self.spec.scale, self.device) or 0
        multiple, halo = tiling_of(self.network)
        self._tiler = Tiler(self._run, self.spec.scale, tile, multiple, self.device, halo)

    def _restore(self, frames: Iterator[Tensor]) -> Iterator[tuple[Tensor, ...]]:
        spec = self.spec
        if spec.output == 'center':
            return ((picture,) for picture in run_windows(self._tiled, frames, spec.window))
        # What a network streams it knows of whole frames, so tiles are restored in chunks.
        if hasattr(self.network, 'stream') and self._tiler.tile is None:
            return self._stream(frames)
        return run_chunks(self._tiled, frames, spec.clip_len, spec.overlap, spec.temporal_scale)

    def _stream(self, frames: Iterator[Tensor]) -> Iterator[tuple[Tensor, ...]]:
        """By the network's own stream. Where it fails for memory or overflow, another way is taken from there on."""
        recent: deque[Tensor] = deque()
        read = done = 0

        def feed() -> Iterator[Tensor]:
            nonlocal read
            while True:
                started = perf_counter()
                frame = next(frames, None)
                self.seconds -= perf_counter() - started
                if frame is None:
                    return
                recent.append(frame)
                read += 1
                yield self._enter(frame[None, None])[:, 0]

        try:
            for made in pair_up(self._network_stream(feed()), self.spec.temporal_scale):
                yield made
                done += 1
                while len(recent) > read - done + self.spec.overlap:
                    recent.popleft()
            return
        except _OverflowError:
            self._leave_half()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._tiler.tile = max(max(recent[0].shape[-2:]) // 2, SMALLEST)
        known = len(recent) - (read - done)
        yield from islice(self._restore(chain(list(recent), frames)), known, None)

    def _network_stream(self, frames: Iterator[Tensor]) -> Iterator[Tensor]:
        """``network.stream``, timed, and under contexts that do not reach beyond it."""
        pictures = self.network.stream(frames)
        while True:
            started = perf_counter()
            with torch.inference_mode():
                with self._autocast():
                    picture = next(pictures, None)
                picture = None if picture is None else self._leave(picture)[0]
            self.seconds += perf_counter() - started
            if picture is None:
                return
            yield picture

    def _tiled(self, frames: Tensor) -> Tensor:
        output = self._tiler(frames)
        if not self._told and self._tiler.reach is not None:
            self._told = True
            logger.warning('tiles of %s px: %s', self._tiler.tile, self._tiler.reach)
        return output

    def _run(self, frames: Tensor) -> Tensor:
        """(1, t, 3, h, w) in [0, 1] on the CPU -> what the network makes of it, in [0, 1] on the CPU."""
        started = perf_counter()
        t, (h, w), scale = frames.shape[1], frames.shape[-2:], self.spec.scale
        if t < self.spec.min_frames:
            frames = frames[:, [mirrored(i, t) for i in range(self.spec.min_frames)]]
        with torch.inference_mode():
            try:
                output = self._leave(self._call(frames)[..., : h * scale, : w * scale], bool(frames.isfinite().all()))
            except _OverflowError:
                self._leave_half()
                output = self._leave(self._call(frames)[..., : h * scale, : w * scale])
        self.seconds += perf_counter() - started
        return output[:, :t] if t < self.spec.min_frames else output

    def _call(self, frames: Tensor) -> Tensor:
        frames = self._enter(frames)
        with self._autocast():
            output = self.network(frames[0] if self.spec.single_image else frames)
        output = output[0] if isinstance(output, (tuple, list)) else output
        return output[None] if self.spec.single_image else output

    def _enter(self, frames: Tensor) -> Tensor:
        """Frames as the network wants them: their size, their device, their range. Always a copy."""
        spec = self.spec
        if spec.pre_upsampled:
            frames = bicubic_upsample(frames, spec.scale)
        missing = [max(spec.min_size - size, 0) for size in frames.shape[-2:]]
        if any(missing):
            frames = F.pad(frames, (0, missing[1], 0, missing[0], 0, 0), mode='replicate')
        frames = pad_to_multiple(frames, spec.multiple_of).to(self.device)
        frames = frames.flip(-3) if self._bgr else frames
        # Some of upstream's networks write into what they are given.
        return (frames - self._mean) / self._std

    def _leave(self, output: Tensor, is_checked: bool = True) -> Tensor:
        """RGB in [0, 1] on the CPU.

        Raises:
            _OverflowError: If it is checked, and in half precision not finite.
        """
        if self.half and is_checked and not output.isfinite().all():
            raise _OverflowError
        output = output.float() * self._std + self._mean
        output = output.flip(-3) if self._bgr else output
        return output.clamp(0, 1).cpu()

    def _leave_half(self) -> None:
        logger.warning('half precision overflows in this network; going on in float32')
        self.half = False

    def _autocast(self) -> torch.autocast | nullcontext:
        if not self.half:
            return nullcontext()
        return torch.autocast(self.device.type, torch.float16 if self.device.type == 'cuda' else torch.bfloat16)


def network_of(model: nn.Module) -> nn.Module:
    """The network that an editor tests with: the averaged one where there is one."""
    if getattr(model, 'is_use_ema', False):
        return model.generator_ema
    return getattr(model, 'generator', model)


def normalisation_of(model: nn.Module, device: torch.device) -> tuple[Tensor, Tensor, bool]:
    """Mean and standard deviation for pixels in [0, 1], (channels or 1, 1, 1) each, and whether they are to be BGR."""
    preprocessor = getattr(model, 'data_preprocessor', None)
    if preprocessor is None:
        mean, std = 0.0, 255.0
    elif getattr(preprocessor, '_enable_normalize', False):
        mean, std = preprocessor.mean, preprocessor.std
    else:
        mean, std = 0.0, 1.0  # upstream hands over 0 to 255
    mean, std = (torch.as_tensor(part, dtype=torch.float32).reshape(-1, 1, 1).to(device) / 255 for part in (mean, std))
    return mean, std, getattr(preprocessor, 'output_channel_order', None) == 'BGR'


def _to_tensor(frame: np.ndarray) -> Tensor:
    """(h, w, 3) uint8 or uint16 -> (3, h, w) in [0, 1]."""
    highest = np.iinfo(frame.dtype).max
    return torch.from_numpy(frame.astype(np.float32)).permute(2, 0, 1).contiguous() / highest


def _good_at_half(device: torch.device) -> bool:
    return device.type == 'cuda' and torch.cuda.get_device_capability(device) >= (7, 0)
