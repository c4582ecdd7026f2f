"""Convert the output of a network to video frames with times."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...media.frames import InputFrame, OutputFrame, split_scenes
from .output_size import beside, resized


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
    for scene in split_scenes(frames):
        waiting: list[InputFrame] = []

        def pixels(scene: Iterator[InputFrame] = scene, waiting: list[InputFrame] = waiting) -> Iterator[np.ndarray]:
            for frame in scene:
                waiting.append(frame)
                yield frame.pixels

        for outputs in restore(pixels()):
            frame = waiting.pop(0)
            pictures = [quantized(shape(picture, frame), frame.pixels.dtype) for picture in outputs]
            if temporal_scale == 1:
                yield OutputFrame(pictures[0], frame.index, frame.pts, frame.duration)
                continue
            # With a variable rate the duration of a frame follows from the next frame of the scene, if there is one.
            duration = waiting[0].pts - frame.pts if len(outputs) == 2 and waiting else frame.duration
            for number, picture in enumerate(pictures if len(outputs) == 2 else pictures * 2):
                yield OutputFrame(picture, frame.index, 2 * frame.pts + number * duration, duration)


def quantized(picture: Tensor, dtype: np.dtype) -> np.ndarray:
    """Quantize (3, h, w) in [0, 1] to (h, w, 3) over the full range of ``dtype``, uint8 or uint16."""
    levels = picture.permute(1, 2, 0).mul(float(np.iinfo(dtype).max)).round()
    return levels.to(torch.int32).numpy().astype(dtype) if dtype == np.uint16 else levels.to(torch.uint8).numpy()
