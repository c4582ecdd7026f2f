"""Which frames of a clip a network is shown: around one of them, or every second one to make those between."""

from collections.abc import Sequence

# Frames that a space-time network is given at once where the authors of Zooming Slow-Mo measure: 4 in, 7 out.
SPACE_TIME_WINDOW = 4
PADDINGS = ('reflection', 'replicate', 'reflection_circle', 'circle')


def window_indices(center: int, length: int, size: int, padding: str = 'reflection') -> list[int]:
    """Indices of ``size`` neighbouring frames around ``center``, for any clip length down to one frame.

    At the ends of a clip these are the frames upstream's ``GenerateFrameIndiceswithPadding`` takes. Where a clip is so
    short that those do not exist either, they are mirrored again until they do.

    Args:
        center (int): Index of the frame in the middle, from 0.
        length (int): Frames in the clip.
        size (int): Frames in the window, odd.
        padding (str): What stands for frame -1 and -2 in a window of five around frame 0: 'reflection' (1, 2),
            'replicate' (0, 0), 'reflection_circle' (3, 4) or 'circle' (4, 3).

    Raises:
        ValueError: If ``size`` is even, ``center`` outside the clip, or ``padding`` unknown.
    """
    if size < 1 or size % 2 == 0:
        raise ValueError(f'a window around a frame has an odd number of frames, but got {size}')
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


def mirrored(index: int, length: int) -> int:
    """``index`` folded into a clip of ``length`` frames, 0 1 2 1 0 1 ..."""
    index %= max(2 * length - 2, 1)
    return min(index, 2 * length - 2 - index)


def space_time_windows(count: int, length: int | None = SPACE_TIME_WINDOW) -> list[range]:
    """The calls in which a network that is given every second frame makes all frames of a clip.

    Neighbouring windows share a frame, and the last one is moved back to end with the clip, as in the test script of
    Zooming Slow-Mo (``test_index_generation`` in its ``codes/utils/util.py``). Hence a window of a clip of even length
    is given odd frames, and every frame of the clip is made. Of frames that two windows make the first is kept.

    Clips too short for one window, which that script cannot take, and whole clips are our choice: the window is the
    clip, and where that is of even length the clip without its last frame, which another window ends with.

    Args:
        count (int): Frames of the clip, those to be made among them.
        length (int | None): Frames that a window is given. None: the whole clip at once; the window that ends a clip of
            even length then is given ``SPACE_TIME_WINDOW``.

    Returns:
        list[range]: The frames that each window makes, from 0; it is given the first, third, ... of them.

    Raises:
        ValueError: If ``count`` is less than 1, or ``length`` less than 2.
    """
    if count < 1:
        raise ValueError(f'a clip has at least one frame, but got {count}')
    if length is not None and length < 2:
        raise ValueError(f'a window that makes frames between two is given at least 2, but got {length}')
    whole = (count - 1) // 2 * 2 + 1
    made = whole if length is None else min(2 * length - 1, whole)
    windows = [range(start, start + made) for start in range(0, count - made + 1, max(made - 1, 1))]
    if windows[-1].stop < count:
        windows.append(range(count - min(2 * (length or SPACE_TIME_WINDOW) - 1, whole), count))
    return windows


def frames_given(windows: Sequence[range]) -> list[int]:
    """Of the frames that windows make those that were given to the window they are kept from.

    Args:
        windows (Sequence[range]): As ``space_time_windows`` returns them.
    """
    frames, end = [], 0
    for window in windows:
        frames += [frame for frame in window[::2] if frame >= end]
        end = window.stop
    return frames
