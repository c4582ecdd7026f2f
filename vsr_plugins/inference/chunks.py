"""Run a network over a stream of frames with at most one chunk of them in memory."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import torch
from torch import Tensor

from ..temporal_windows import window_indices

Run = Callable[[Tensor], Tensor]


def run_windows(run: Run, frames: Iterable[Tensor], size: int) -> Iterator[Tensor]:
    """Restore each frame from the window around it; windows are mirrored at the ends of the clip.

    Args:
        run: (1, size, c, h, w) -> (1, c', h', w').
        frames: (c, h, w) each.
        size: Frames in a window, odd.

    Yields:
        (c', h', w') for each frame.
    """
    frames = iter(frames)
    near: deque[Tensor] = deque(islice(frames, size), maxlen=size)
    first = index = 0  # index of near[0]; index of the frame to restore
    while True:
        if index + size // 2 >= first + len(near) and (ahead := next(frames, None)) is not None:
            near.append(ahead)
            first += 1
        if index == first + len(near):
            return
        window = window_indices(index - first, len(near), size)
        yield run(torch.stack([near[i] for i in window])[None])[0]
        index += 1


def run_chunks(
    run: Run, frames: Iterable[Tensor], length: int, overlap: int, temporal_scale: int = 1
) -> Iterator[tuple[Tensor, ...]]:
    """Restore a clip chunk by chunk; the streaming counterpart of ``run_in_chunks``, which takes a complete clip.

    Args:
        run: (1, t, c, h, w) -> (1, temporal_scale * (t - 1) + 1, c', h', w') for any t up to ``length``.
        frames: (c, h, w) each.
        length: Frames in a chunk.
        overlap: Frames that neighbouring chunks share.
        temporal_scale: 2 for a network that interpolates frames, else 1.

    Yields:
        For each input frame its ``temporal_scale`` output frames, (c', h', w') each; one for the last input frame.
    """
    frames = iter(frames)
    step = length - overlap
    held = list(islice(frames, length))
    start = done = 0  # index of held[0]; number of input frames whose outputs were yielded
    while held:
        outputs = run(torch.stack(held)[None])[0]
        fresh = list(islice(frames, step))
        if not overlap:
            later = start + len(held)
        elif len(fresh) < step:
            later = start + len(fresh)  # the last chunk is moved back so that it ends with the clip
        else:
            later = start + step
        end = start + len(held)
        seam = (later + end) // 2 if fresh else end
        for index in range(done, seam):
            yield tuple(outputs[temporal_scale * (index - start) : temporal_scale * (index - start + 1)])
        del outputs
        held = (held + fresh)[later - start :] if fresh else []
        start, done = later, seam


def pair_up(pictures: Iterable[Tensor], temporal_scale: int) -> Iterator[tuple[Tensor, ...]]:
    """Group the output frames of a network's stream by input frame."""
    pictures = iter(pictures)
    while group := tuple(islice(pictures, temporal_scale)):
        yield group
