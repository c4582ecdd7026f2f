"""From the output of a network to frames with times."""

from collections.abc import Callable, Iterable, Iterator

import numpy as np
import torch
from torch import Tensor

from ...media.frames import InputFrame, OutputFrame, split_scenes


def upscaled(
    frames: Iterable[InputFrame],
    restore: Callable[[Iterator[np.ndarray]], Iterator[tuple[Tensor, ...]]],
    temporal_scale: int,
) -> Iterator[OutputFrame]:
    """What a network makes of a video, scene by scene, with the times at which it is shown.

    Between the last frame of a scene and the first of the next there is nothing to interpolate: it is shown twice.

    Args:
        frames: The video.
        restore: Frames of a scene -> for each of them what was made of it: one picture, or two where the network
            interpolates, and one again for the last.
        temporal_scale: 1, or 2 where the network interpolates; then times are counted in halves.
    """
    for scene in split_scenes(frames):
        waiting: list[InputFrame] = []

        def pixels(scene: Iterator[InputFrame] = scene, waiting: list[InputFrame] = waiting) -> Iterator[np.ndarray]:
            for frame in scene:
                waiting.append(frame)
                yield frame.pixels

        for made in restore(pixels()):
            frame = waiting.pop(0)
            pictures = [quantized(picture, frame.pixels.dtype) for picture in made]
            if temporal_scale == 1:
                yield OutputFrame(pictures[0], frame.index, frame.pts, frame.duration)
                continue
            # With variable rate the next frame says how long this one lasts, where there is one in the scene.
            lasts = waiting[0].pts - frame.pts if len(made) == 2 and waiting else frame.duration
            for number, picture in enumerate(pictures if len(made) == 2 else pictures * 2):
                yield OutputFrame(picture, frame.index, 2 * frame.pts + number * lasts, lasts)


def quantized(picture: Tensor, dtype: np.dtype) -> np.ndarray:
    """(3, h, w) in [0, 1] -> (h, w, 3) over all the range of ``dtype``, uint8 or uint16."""
    levels = picture.permute(1, 2, 0).mul(float(np.iinfo(dtype).max)).round()
    return levels.to(torch.int32).numpy().astype(dtype) if dtype == np.uint16 else levels.to(torch.uint8).numpy()
