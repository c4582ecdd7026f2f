"""Convert the output of a network to video frames with times."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...media.frames import InputFrame, OutputFrame, split_scenes
from ...models.blocks.resize import bicubic_upsample
from .output_size import beside, resized

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FrameShape:
    """What becomes of a picture of the network.

    Attributes:
        size: (h, w) to which it is resized; None keeps its size.
        preview: Whether the bicubic enlargement of its input is put to its left.
    """

    size: tuple[int, int] | None = None
    preview: bool = False

    def __call__(self, picture: Tensor, frame: InputFrame) -> Tensor:
        """Return the picture, (3, h, w) in [0, 1], as it is written."""
        if self.size is not None:
            picture = resized(picture, self.size)
        if not self.preview:
            return picture
        pixels = torch.from_numpy(frame.pixels.astype(np.float32)).permute(2, 0, 1) / np.iinfo(frame.pixels.dtype).max
        return beside(pixels, picture)

    def opacity(self, alpha: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
        """Return the opacity, (h, w), of a picture that is written with a size; both halves of a preview have it."""
        if alpha is None or not self.preview:
            return enlarged_alpha(alpha, size)
        half = enlarged_alpha(alpha, (size[0], size[1] // 2))
        return np.hstack((half, half))


AS_IT_IS = FrameShape()


def upscaled(
    frames: Iterable[InputFrame],
    restore: Callable[[Iterator[np.ndarray]], Iterator[tuple[Tensor, ...]]],
    temporal_scale: int,
    shape: FrameShape = AS_IT_IS,
) -> Iterator[OutputFrame]:
    """Upscale a video scene by scene, and give each output frame its presentation time.

    Nothing is interpolated between two scenes: the last frame of a scene is shown twice.

    Args:
        frames: The video.
        restore: Maps the frames of a scene to the output frames of each: one, or two if the network interpolates (one
            for the last frame).
        temporal_scale: 1, or 2 if the network interpolates; times are then in half units.
        shape: Size of the output, if it is not that of the network.
    """
    first_size, has_warned = None, False
    for scene in split_scenes(frames):
        waiting: list[InputFrame] = []

        def pixels(scene: Iterator[InputFrame] = scene, waiting: list[InputFrame] = waiting) -> Iterator[np.ndarray]:
            for frame in scene:
                waiting.append(frame)
                yield frame.pixels

        for outputs in restore(pixels()):
            frame = waiting.pop(0)
            first_size = first_size or frame.pixels.shape[:2]
            if frame.pixels.shape[:2] != first_size and not has_warned:
                has_warned = True
                logger.warning(
                    'the size changes at frame %d to %dx%d; scaled to that of the first frame',
                    *(frame.index, *frame.pixels.shape[1::-1]),
                )
            pictures = [quantized(shape(picture, frame), frame.pixels.dtype) for picture in outputs]
            size = pictures[0].shape[:2]
            if temporal_scale == 1:
                alpha = shape.opacity(frame.alpha, size)
                yield OutputFrame(pictures[0], frame.index, frame.pts, frame.duration, alpha, frame.icc_profile)
                continue
            alphas = [frame.alpha, mean_alpha(frame.alpha, waiting[0].alpha if waiting else frame.alpha)]
            # With a variable rate the duration of a frame follows from the next frame of the scene, if there is one.
            duration = waiting[0].pts - frame.pts if len(outputs) == 2 and waiting else frame.duration
            for number, picture in enumerate(pictures if len(outputs) == 2 else pictures * 2):
                alpha = shape.opacity(alphas[number if len(outputs) == 2 else 0], size)
                pts = 2 * frame.pts + number * duration
                yield OutputFrame(picture, frame.index, pts, duration, alpha, frame.icc_profile)


def quantized(picture: Tensor, dtype: np.dtype) -> np.ndarray:
    """Quantize (3, h, w) in [0, 1] to (h, w, 3) over the full range of ``dtype``, uint8 or uint16."""
    levels = picture.permute(1, 2, 0).mul(float(np.iinfo(dtype).max)).round()
    return levels.to(torch.int32).numpy().astype(dtype) if dtype == np.uint16 else levels.to(torch.uint8).numpy()


def enlarged_alpha(alpha: np.ndarray | None, size: tuple[int, int]) -> np.ndarray | None:
    """Enlarge opacity, (h, w), to a size by bicubic interpolation."""
    if alpha is None:
        return None
    opacity = torch.from_numpy(alpha.astype(np.float32))[None]
    is_multiple = size[0] % alpha.shape[0] == 0 and size[0] * alpha.shape[1] == size[1] * alpha.shape[0]
    max_value = np.iinfo(alpha.dtype).max
    opacity = opacity / max_value
    enlarged = bicubic_upsample(opacity, size[0] // alpha.shape[0]) if is_multiple else resized(opacity, size)
    return (enlarged[0] * max_value).round().clamp(0, max_value).numpy().astype(alpha.dtype)


def mean_alpha(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    """Return the opacity between two frames."""
    if first is None or second is None:
        return first
    return ((first.astype(np.uint32) + second + 1) // 2).astype(first.dtype)
