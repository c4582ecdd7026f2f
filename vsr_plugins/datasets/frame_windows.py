"""Which frames of a clip a network is shown around one of them."""

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
