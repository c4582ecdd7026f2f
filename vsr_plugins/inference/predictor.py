"""Predict video frames with a model: normalisation, device, half precision, tiles."""

import logging
import platform
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
from ..models.blocks.fast.layout import keep_channels_last
from ..models.blocks.fast.row_winograd import RowWinograd
from ..models.blocks.resize import bicubic_upsample, pad_to_multiple
from ..models.input_spec import input_spec
from ..temporal_windows import mirrored
from .chunks import pair_up, run_chunks, run_windows
from .memory import is_out_of_memory
from .tiling import MIN_TILE, Tiler, choose_tile, tiling_of

logger = logging.getLogger(__name__)

PRECISIONS = ('auto', 'float32', 'half')
# Frames of at most this many pixels are never tiled, and their memory is not probed.
SMALL = 256 * 256


class _OverflowError(Exception):
    """An output of the network is not finite."""


class VideoPredictor:
    """Restores the scenes of a video with a model's network, in the windows or chunks that the network requires.

    Args:
        model: A subclass of mmagic's ``BaseEditModel``, or a bare network on RGB in [0, 1].
        device: Device to compute on.
        precision: ``'half'`` computes under PyTorch's autocast in float16 (bfloat16 on the CPU) and switches to float32
            at the first output that is not finite; deformable sampling and flow always stay in float32. An output that
            is not finite in float32 either raises ``ValueError``.
            ``'auto'`` is half on CUDA devices with tensor cores, else float32.
        tile: Height and width of tiles in pixels of the input; None chooses by available memory, 0 does not tile. In
            each case a tile that runs out of memory is halved.

    Attributes:
        spec: Input requirements of the network.
        seconds: Seconds spent in the network so far.

    Raises:
        ValueError: If the network does not declare its input requirements, or an option is unknown.
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
            raise ValueError(f'tile must be a number of pixels, 0 for no tiles or None to choose, but got {tile}')
        keep_freed_memory()
        self.device = torch.device(device)
        self.network = network_of(model).to(self.device).eval()
        if self.device.type == 'cpu':
            keep_channels_last(self.network)
        self.spec = input_spec(self.network)
        self.half = precision == 'half' or (precision == 'auto' and _has_tensor_cores(self.device))
        if self.half and not has_half_units(self.device):
            logger.warning(
                'half precision is slower than float32 here: %s has no units for it; use --precision float32',
                self.device,
            )
        self.seconds = 0.0
        self._mean, self._std, self._bgr = normalisation_of(model, self.device)
        # A network for one size cannot be tiled.
        self._tile = 0 if getattr(self.network, 'size', None) is not None else tile
        self._tiler: Tiler | None = None
        self._has_warned = False

    def restore(self, frames: Iterator[np.ndarray]) -> Iterator[tuple[Tensor, ...]]:
        """Restore a scene.

        Args:
            frames: (h, w, 3) RGB, uint8 or uint16, of one size.

        Yields:
            For each input frame its output frames, (3, scale * h, scale * w) in [0, 1] on the CPU: one, or two if the
            network interpolates (one for the last input frame).

        Raises:
            ValueError: If an output is NaN or infinite, in float32 too.
        """
        tensors: Iterator[Tensor] = map(_to_tensor, frames)
        if self._tiler is None:
            ahead = list(islice(tensors, self.spec.window or self.spec.clip_len))
            tensors = chain(ahead, tensors)
            self._plan(ahead)
        return self._restore(tensors)

    def _plan(self, ahead: list[Tensor]) -> None:
        """Choose the tile size from the first frames."""
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
        # A stream's recurrent state covers complete frames, so tiles are restored in chunks instead.
        if hasattr(self.network, 'stream') and self._tiler.tile is None:
            return self._stream(frames)
        return run_chunks(self._tiled, frames, spec.clip_len, spec.overlap, spec.temporal_scale)

    def _stream(self, frames: Iterator[Tensor]) -> Iterator[tuple[Tensor, ...]]:
        """Restore with the network's ``stream``; after out-of-memory or overflow, continue with tiles or in float32."""
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
            for outputs in pair_up(self._network_stream(feed()), self.spec.temporal_scale):
                yield outputs
                done += 1
                while len(recent) > read - done + self.spec.overlap:
                    recent.popleft()
            return
        except _OverflowError:
            self._leave_half()
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            self._tiler.tile = max(max(recent[0].shape[-2:]) // 2, MIN_TILE)
        already_yielded = len(recent) - (read - done)
        yield from islice(self._restore(chain(list(recent), frames)), already_yielded, None)

    def _network_stream(self, frames: Iterator[Tensor]) -> Iterator[Tensor]:
        """Run ``network.stream``, timed; autocast and inference mode are left before each yield."""
        pictures = self.network.stream(frames)
        while True:
            started = perf_counter()
            with torch.inference_mode():
                with self._autocast(), RowWinograd():
                    picture = next(pictures, None)
                picture = None if picture is None else self._leave(picture)[0]
            self.seconds += perf_counter() - started
            if picture is None:
                return
            yield picture

    def _tiled(self, frames: Tensor) -> Tensor:
        output = self._tiler(frames)
        if not self._has_warned and self._tiler.receptive_field is not None:
            self._has_warned = True
            logger.warning('tiles of %s px: %s', self._tiler.tile, self._tiler.receptive_field)
        return output

    def _run(self, frames: Tensor) -> Tensor:
        """Run the network on (1, t, 3, h, w) in [0, 1] on the CPU; its output is in [0, 1] on the CPU."""
        started = perf_counter()
        t, (h, w), scale = frames.shape[1], frames.shape[-2:], self.spec.scale
        if t < self.spec.min_frames:
            frames = frames[:, [mirrored(i, t) for i in range(self.spec.min_frames)]]
        with torch.inference_mode():
            # Probes of the receptive field are not finite, and neither are the outputs that they reach.
            is_checked = _is_finite(frames)
            while True:
                try:
                    output = self._leave(self._call(frames)[..., : h * scale, : w * scale], is_checked)
                    break
                except _OverflowError:
                    self._leave_half()
        self.seconds += perf_counter() - started
        return output[:, :t] if t < self.spec.min_frames else output

    def _call(self, frames: Tensor) -> Tensor:
        frames = self._enter(frames)
        with self._autocast(), RowWinograd():
            output = self.network(frames[0] if self.spec.single_image else frames)
        output = output[0] if isinstance(output, (tuple, list)) else output
        return output[None] if self.spec.single_image else output

    def _enter(self, frames: Tensor) -> Tensor:
        """Convert frames to the size, device and range that the network requires. Always a copy."""
        spec = self.spec
        if spec.pre_upsampled:
            frames = bicubic_upsample(frames, spec.scale)
        missing = [max(spec.min_size - size, 0) for size in frames.shape[-2:]]
        if any(missing):
            frames = F.pad(frames, (0, missing[1], 0, missing[0], 0, 0), mode='replicate')
        frames = pad_to_multiple(frames, spec.multiple_of).to(self.device)
        frames = frames.flip(-3) if self._bgr else frames
        # Some of upstream's networks modify their input in place.
        return (frames - self._mean) / self._std

    def _leave(self, output: Tensor, is_checked: bool = True) -> Tensor:
        """Convert an output of the network to RGB in [0, 1] on the CPU.

        Raises:
            _OverflowError: If it is checked and is not finite.
        """
        if is_checked and not _is_finite(output):
            raise _OverflowError
        output = output.float() * self._std + self._mean
        output = output.flip(-3) if self._bgr else output
        return output.clamp(0, 1).cpu()

    def _leave_half(self) -> None:
        """Continue in float32 after an output that is not finite.

        Raises:
            ValueError: If it was computed in float32.
        """
        if not self.half:
            raise ValueError(self._explain_overflow())
        logger.warning('half precision overflows in this network; continuing in float32')
        self.half = False

    def _explain_overflow(self) -> str:
        name = type(self.network).__name__
        for key, value in self.network.state_dict().items():
            if value.is_floating_point() and not _is_finite(value):
                return f'the weights of {name} contain NaN or infinity, first in {key}; use another checkpoint'
        return (
            f'the output of {name} contains NaN or infinity in float32, though its weights do not: they do not fit '
            'these frames; use another checkpoint or model'
        )

    def _autocast(self) -> torch.autocast | nullcontext:
        if not self.half:
            return nullcontext()
        return torch.autocast(self.device.type, torch.float16 if self.device.type == 'cuda' else torch.bfloat16)


def network_of(model: nn.Module) -> nn.Module:
    """Return the network that an editor tests with: the averaged (EMA) one if it exists."""
    if getattr(model, 'is_use_ema', False):
        return model.generator_ema
    return getattr(model, 'generator', model)


def normalisation_of(model: nn.Module, device: torch.device) -> tuple[Tensor, Tensor, bool]:
    """Mean and standard deviation for pixels in [0, 1], (channels or 1, 1, 1) each, and whether the order is BGR."""
    preprocessor = getattr(model, 'data_preprocessor', None)
    if preprocessor is None:
        mean, std = 0.0, 255.0
    elif getattr(preprocessor, '_enable_normalize', False):
        mean, std = preprocessor.mean, preprocessor.std
    else:
        mean, std = 0.0, 1.0  # upstream passes pixels in [0, 255]
    mean, std = (torch.as_tensor(part, dtype=torch.float32).reshape(-1, 1, 1).to(device) / 255 for part in (mean, std))
    return mean, std, getattr(preprocessor, 'output_channel_order', None) == 'BGR'


def _to_tensor(frame: np.ndarray) -> Tensor:
    """Convert (h, w, 3) uint8 or uint16 to (3, h, w) in [0, 1]."""
    max_value = np.iinfo(frame.dtype).max
    return torch.from_numpy(frame.astype(np.float32)).permute(2, 0, 1).contiguous() / max_value


def _is_finite(values: Tensor) -> bool:
    # The extremes are NaN if any value is. Unlike isfinite, they take no memory.
    return not values.numel() or bool(torch.stack(values.detach().aminmax()).isfinite().all())


def has_half_units(device: torch.device) -> bool:
    """Whether a device computes in half precision at least as fast as in float32."""
    if device.type != 'cpu':
        return device.type != 'cuda' or _has_tensor_cores(device)
    # On x86 convolutions in bfloat16 are emulated without one of these.
    checks = [getattr(torch.cpu, name, None) for name in ('_is_avx512_bf16_supported', '_is_amx_tile_supported')]
    if platform.machine().lower() in ('x86_64', 'amd64'):
        return any(check() for check in checks if check is not None)
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _has_tensor_cores(device: torch.device) -> bool:
    return device.type == 'cuda' and torch.cuda.get_device_capability(device) >= (7, 0)
