"""Run a network of fixed clip length over a clip of any length."""

from collections.abc import Callable
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor


def run_in_chunks(function: Callable[[Tensor], Tensor], frames: Tensor, length: int, overlap: int = 0) -> Tensor:
    """Apply ``function`` to chunks of ``length`` frames and join the results.

    Without ``overlap`` the clip is cut into consecutive chunks, the last one padded with black frames whose outputs are
    dropped. With it, neighbouring chunks share frames, the last chunk is moved back to end with the clip, and for a
    shared frame the output of the chunk whose border is farther away is kept. A clip shorter than ``length`` is padded
    in both cases.

    Args:
        function: (n, length, c, h, w) -> (n, length, c', h', w').
        frames: (n, t, c, h, w).
        length: Frames of a chunk.
        overlap: Frames that neighbouring chunks share, fewer than ``length``.

    Returns:
        (n, t, c', h', w').

    Raises:
        ValueError: If there is no frame, or not 0 <= overlap < length.
    """
    outputs = []
    for start, first, end in chunk_spans(frames.shape[1], length, overlap):
        chunk = frames[:, start : start + length]
        padded = F.pad(chunk, (0, 0, 0, 0, 0, 0, 0, length - chunk.shape[1]))
        outputs.append(function(padded)[:, first - start : end - start])
    return outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=1)


def chunk_spans(total: int, length: int, overlap: int = 0) -> list[tuple[int, int, int]]:
    """Chunks of ``run_in_chunks``: for each its first frame and, of its outputs, the first kept and the end.

    Args:
        total: Frames of the clip.
        length: Frames of a chunk.
        overlap: Frames that neighbouring chunks share, fewer than ``length``.

    Raises:
        ValueError: If there is no frame, or not 0 <= overlap < length.
    """
    if total == 0:
        raise ValueError('a clip needs at least one frame, but got none')
    if not 0 <= overlap < length:
        raise ValueError(f'0 <= overlap < length is needed, but got length={length}, overlap={overlap}')
    if overlap == 0 or total <= length:
        return [(start, start, min(start + length, total)) for start in range(0, total, length)]
    starts = [*range(0, total - length, length - overlap), total - length]
    # Two chunks share the frames from the start of the later to the end of the earlier; the seam is their middle.
    seams = [0, *((later + start + length) // 2 for start, later in pairwise(starts)), total]
    return list(zip(starts, seams, seams[1:], strict=False))
