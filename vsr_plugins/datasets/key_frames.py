"""Key frames: a few frames of a video that stand for all of it.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), section
6.2: key frames extracted by ffmpeg are given to long-range attention as further keys and values. Which frames ffmpeg
chose, and how many, the paper does not say; here they are the I-frames, and evenly spaced ones where there are none.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from ..media.decoding import decode, is_key_frame


def video_key_frames(path: str | Path) -> list[int]:
    """Indices, from 0 in the order of presentation, of the I-frames of a video file.

    Every frame is decoded: containers mark only those I-frames that one can seek to.

    Raises:
        UnreadableError: If it is no video or cannot be decoded to its end.
    """
    return [i for i, frame in enumerate(decode(Path(path))) if is_key_frame(frame)]


def read_key_frames(text: str) -> dict[str, list[int]]:
    """The I-frames of each clip from what ``vsr prepare clips`` wrote, lines of ``name index index ...``.

    Raises:
        ValueError: If a line is something else.
    """
    clips = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, *indices = line.split() or ['']
        if not all(index.isdecimal() for index in indices):
            raise ValueError(f"line {number} of the key frames must be 'clip index index ...', but is {line!r}")
        if name:
            clips[name] = [int(index) for index in indices]
    return clips


def evenly_spaced(total: int, count: int) -> list[int]:
    """The frames in the middle of ``count`` equal parts of ``total`` frames; some repeat where there are too few.

    Raises:
        ValueError: If there is no frame, or ``count`` is negative.
    """
    if total < 1 or count < 0:
        raise ValueError(f'frames to choose from and a count are needed, but got total={total}, count={count}')
    return [(2 * i + 1) * total // (2 * count) for i in range(count)]


def select_key_frames(
    total: int, count: int, recorded: Iterable[int] = (), excluded: Collection[int] = ()
) -> list[int]:
    """Choose exactly ``count`` frames of a clip, so that samples can be batched.

    Taken are, evenly spaced among those that there are, first I-frames outside ``excluded``, then other frames outside,
    then I-frames within, then other frames within; a clip of fewer than ``count`` frames repeats some.

    Args:
        total: Frames of the clip.
        count: How many to choose.
        recorded: Indices of its I-frames, if known; those that the clip does not have are passed over.
        excluded: Indices that are better not chosen, as they are in the input already.

    Returns:
        Indices in ascending order.

    Raises:
        ValueError: If there is no frame, or ``count`` is negative.
    """
    if count > total or total < 1:
        return evenly_spaced(total, count)
    recorded, excluded = set(recorded), set(excluded)
    # The pair sorts frames outside before those within, and I-frames before others.
    ranks = {index: (index in excluded, index not in recorded) for index in range(total)}
    chosen: list[int] = []
    for rank in sorted(set(ranks.values())):
        tier = [index for index in range(total) if ranks[index] == rank]
        wanted = min(count - len(chosen), len(tier))
        chosen += [tier[i] for i in evenly_spaced(len(tier), wanted)]
    return sorted(chosen)
