"""Indices of the frames that a network takes: windows around a frame, and every second frame for interpolation."""

from collections.abc import Sequence
from itertools import pairwise

# Input frames of a window in the measurements of Zooming Slow-Mo's authors: 4 in, 7 out.
SPACE_TIME_WINDOW = 4
PADDINGS = ('reflection', 'replicate', 'reflection_circle', 'circle')


def window_indices(center: int, length: int, size: int, padding: str = 'reflection') -> list[int]:
    """Return the indices of ``size`` frames around ``center``, for any clip length down to one frame.

    At the ends of a clip these equal upstream's ``GenerateFrameIndiceswithPadding``. If a clip is so short that those
    do not exist either, they are mirrored again until they do.

    Args:
        center (int): Index of the centre frame, from 0.
        length (int): Number of frames in the clip.
        size (int): Number of frames in the window, odd.
        padding (str): Padding; frames -1 and -2 in a window of five around frame 0 are replaced by: 'reflection' (1,
            2), 'replicate' (0, 0), 'reflection_circle' (3, 4) or 'circle' (4, 3).

    Raises:
        ValueError: If ``size`` is even, ``center`` outside the clip, or ``padding`` unknown.
    """
    if size < 1 or size % 2 == 0:
        raise ValueError(f'a window around a frame must have an odd number of frames, but got {size}')
    if not 0 <= center < length:
        raise ValueError(f'center must be one of the {length} frames of the clip, but got {center}')
    if padding not in PADDINGS:
        raise ValueError(f"padding must be one of {', '.join(PADDINGS)}, but got '{padding}'")
    first, last = center - size // 2, center + size // 2
    indices = range(first, last + 1)
    if padding == 'replicate':
        return [min(max(i, 0), length - 1) for i in indices]
    if padding == 'reflection_circle':
        indices = [last - i if i < 0 else first - (i - length + 1) if i >= length else i for i in indices]
    if padding == 'circle':
        indices = [i + size if i < 0 else i - size if i >= length else i for i in indices]
    return [mirrored(i, length) for i in indices]


def clip_parts(count: int, length: int, overlap: int) -> list[tuple[range, range]]:
    """Cut a clip into parts that are restored one after the other.

    Parts begin at multiples of ``length - overlap``. So a network that cuts its input into chunks of its own cuts each
    part where it would cut the clip, if ``length`` is a number of its chunks.

    Args:
        count: Frames of the clip.
        length: Frames of a part; the last one has up to ``length - overlap - 1`` more.
        overlap: Frames that neighbouring parts share.

    Returns:
        For each part its frames, and those of them whose output is kept: the seam is in the middle of the shared ones.

    Raises:
        ValueError: If not 0 <= overlap < length.
    """
    if not 0 <= overlap < length:
        raise ValueError(f'parts of {length} frames cannot share {overlap}')
    step = length - overlap
    number = max((count - overlap) // step, 1)
    spans = [range(i * step, i * step + length if i < number - 1 else count) for i in range(number)]
    seams = [0, *((later.start + part.stop) // 2 for part, later in pairwise(spans)), count]
    return [(span, range(*kept)) for span, kept in zip(spans, pairwise(seams), strict=True)]


def mirrored(index: int, length: int) -> int:
    """Mirror ``index`` into a clip of ``length`` frames, 0 1 2 1 0 1 ..."""
    index %= max(2 * length - 2, 1)
    return min(index, 2 * length - 2 - index)


def space_time_windows(count: int, length: int | None = SPACE_TIME_WINDOW) -> list[range]:
    """Return the windows in which a network that takes every second frame makes all frames of a clip.

    Neighbouring windows share a frame, and the last one is moved back to end with the clip, as in the test script of
    Zooming Slow-Mo (``test_index_generation`` in its ``codes/utils/util.py``). So a window of a clip of even length
    takes odd frames, and every frame of the clip is made. For frames that two windows make, the first result is kept.

    Clips too short for one window, which that script does not support, and complete clips are our choice: the window is
    the clip, or if its length is even the clip without its last frame, with a second window that ends with that frame.

    Args:
        count (int): Number of frames of the clip, including those to be made.
        length (int | None): Input frames of a window. None: the complete clip at once; the second window of a clip of
            even length then takes ``SPACE_TIME_WINDOW``.

    Returns:
        list[range]: Output frames of each window, from 0; its input is the first, third, ... of them.

    Raises:
        ValueError: If ``count`` is less than 1, or ``length`` less than 2.
    """
    if count < 1:
        raise ValueError(f'a clip must have at least one frame, but got {count}')
    if length is not None and length < 2:
        raise ValueError(f'an interpolating window must take at least 2 frames, but got {length}')
    longest = (count - 1) // 2 * 2 + 1
    made = longest if length is None else min(2 * length - 1, longest)
    windows = [range(start, start + made) for start in range(0, count - made + 1, max(made - 1, 1))]
    if windows[-1].stop < count:
        windows.append(range(count - min(2 * (length or SPACE_TIME_WINDOW) - 1, longest), count))
    return windows


def frames_given(windows: Sequence[range]) -> list[int]:
    """Return the output frames that are input frames of the window whose result is kept.

    Args:
        windows (Sequence[range]): Windows from ``space_time_windows``.
    """
    frames, end = [], 0
    for window in windows:
        frames += [frame for frame in window[::2] if frame >= end]
        end = window.stop
    return frames
