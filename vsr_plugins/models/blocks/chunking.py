"""Running a network of fixed clip length over a clip of any length."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def run_in_chunks(function: Callable[[Tensor], Tensor], frames: Tensor, length: int, overlap: int = 0) -> Tensor:
    """Apply ``function`` to chunks of ``length`` frames and join the results.

    Without ``overlap`` the clip is cut into consecutive chunks, the last one filled with black frames whose outputs
    are dropped. With it, neighbouring chunks share frames, the last chunk is moved back to end with the clip, and of a
    shared frame the output of the chunk whose border is farther away is kept. A clip shorter than ``length`` is filled
    in both cases.

    Args:
        function: (n, length, c, h, w) -> (n, length, c', h', w').
        frames: (n, t, c, h, w).
        length: Frames of a chunk.
        overlap: Frames that neighbouring chunks share, fewer than ``length``.

    Returns:
        (n, t, c', h', w').

    Raises:
        ValueError: If there is no frame, or ``length`` and ``overlap`` do not fit each other.
    """
    t = frames.shape[1]
    if t == 0:
        raise ValueError('a clip needs at least one frame, but got none')
    if not 0 <= overlap < length:
        raise ValueError(f'0 <= overlap < length is needed, but got length={length}, overlap={overlap}')
    if overlap == 0 or t <= length:
        filled = F.pad(frames, (0, 0, 0, 0, 0, 0, 0, -t % length))
        outputs = [function(chunk) for chunk in filled.split(length, dim=1)]
        return (outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=1))[:, :t]

    starts = [*range(0, t - length, length - overlap), t - length]
    outputs = []
    kept = 0
    for start, following in zip(starts, [*starts[1:], None], strict=True):
        # The shared frames run from `following` to the end of this chunk; the seam lies in their middle.
        until = t if following is None else (following + start + length) // 2
        outputs.append(function(frames[:, start : start + length])[:, kept - start : until - start])
        kept = until
    return torch.cat(outputs, dim=1)
