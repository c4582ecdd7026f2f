"""Convert the output of a network to video frames with times."""

import logging
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...media.frames import InputFrame, OutputFrame, split_scenes
from ...models.blocks.resize import bicubic_upsample

logger = logging.getLogger(__name__)


def upscaled(
    frames: Iterable[InputFrame],
    restore: Callable[[Iterator[np.ndarray]], Iterator[tuple[Tensor, ...]]],
    temporal_scale: int,
    size: tuple[int, int] | None = None,
) -> Iterator[OutputFrame]:
    """Upscale a video scene by scene, and give each output frame its presentation time.

    Nothing is interpolated between two scenes: the last frame of a scene is shown twice.

    Args:
        frames: The video.
        restore: Maps the frames of a scene to the output frames of each: one, or two if the network interpolates (one
            for the last frame).
        temporal_scale: 1, or 2 if the network interpolates; times are then in half units.
        size: (h, w) of all output frames; None for that of the first. Others are resized to it, antialiased.
    """
    has_warned = False
    for scene in split_scenes(frames):
        waiting: list[InputFrame] = []

        def pixels(scene: Iterator[InputFrame] = scene, waiting: list[InputFrame] = waiting) -> Iterator[np.ndarray]:
            for frame in scene:
                waiting.append(frame)
                yield frame.pixels

        for outputs in restore(pixels()):
            frame = waiting.pop(0)
            size = size or tuple(outputs[0].shape[-2:])
            if size != tuple(outputs[0].shape[-2:]):
                if not has_warned:
                    logger.warning(
                        'the size changes at frame %d to %dx%d; scaled to that of the first frame',
                        *(frame.index, *frame.pixels.shape[1::-1]),
                    )
                has_warned = True
                outputs = tuple(resized(picture, size).clamp(0, 1) for picture in outputs)
            pictures = [quantized(picture, frame.pixels.dtype) for picture in outputs]
            if temporal_scale == 1:
                alpha = enlarged_alpha(frame.alpha, size)
                yield OutputFrame(pictures[0], frame.index, frame.pts, frame.duration, alpha, frame.icc_profile)
                continue
            alphas = [frame.alpha, mean_alpha(frame.alpha, waiting[0].alpha if waiting else frame.alpha)]
            # With a variable rate the duration of a frame follows from the next frame of the scene, if there is one.
            duration = waiting[0].pts - frame.pts if len(outputs) == 2 and waiting else frame.duration
            for number, picture in enumerate(pictures if len(outputs) == 2 else pictures * 2):
                alpha = enlarged_alpha(alphas[number if len(outputs) == 2 else 0], size)
                pts = 2 * frame.pts + number * duration
                yield OutputFrame(picture, frame.index, pts, duration, alpha, frame.icc_profile)


def quantized(picture: Tensor, dtype: np.dtype) -> np.ndarray:
    """Quantize (3, h, w) in [0, 1] to (h, w, 3) over the full range of ``dtype``, uint8 or uint16."""
    levels = picture.permute(1, 2, 0).mul(float(np.iinfo(dtype).max)).round()
    return levels.to(torch.int32).numpy().astype(dtype) if dtype == np.uint16 else levels.to(torch.uint8).numpy()


def resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (c, h, w) to (c, *size) by bicubic interpolation, antialiased where it becomes smaller."""
    return F.interpolate(picture[None], size, mode='bicubic', antialias=True)[0]


def enlarged_alpha(alpha: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
    """Enlarge opacity, (h, w), to a size by bicubic interpolation."""
    if alpha is None:
        return None
    opacity = torch.from_numpy(alpha.astype(np.float32))[None]
    is_multiple = size[0] % alpha.shape[0] == 0 and size[0] * alpha.shape[1] == size[1] * alpha.shape[0]
    enlarged = bicubic_upsample(opacity, size[0] // alpha.shape[0]) if is_multiple else resized(opacity, size)
    return enlarged[0].round().clamp(0, np.iinfo(alpha.dtype).max).numpy().astype(alpha.dtype)


def mean_alpha(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    """Return the opacity between two frames."""
    if first is None or second is None:
        return first
    return ((first.astype(np.uint32) + second + 1) // 2).astype(first.dtype)
