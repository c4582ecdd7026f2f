"""Select key frames: a few frames of a video that represent all of it.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), section
6.2: key frames extracted by ffmpeg are additional keys and values of long-range attention. The paper does not state
which frames ffmpeg chose, nor how many; here they are the I-frames, or evenly spaced frames if there are none.
"""

from collections.abc import Collection, Iterable
from pathlib import Path

from ..media.reading.decoding import decode, is_key_frame


def video_key_frames(path: str | Path) -> list[int]:
    """Return the indices, from 0 in presentation order, of the I-frames of a video file.

    Every frame is decoded: containers mark only the I-frames that support seeking.

    Raises:
        UnreadableError: If the file is not a video or cannot be decoded to its end.
    """
    return [i for i, frame in enumerate(decode(Path(path))) if is_key_frame(frame)]


def read_key_frames(text: str) -> dict[str, list[int]]:
    """Parse the I-frames of each clip from the file of ``vsr prepare clips``, lines of ``name index index ...``.

    Raises:
        ValueError: If a line has another form.
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
    """Return the centre frames of ``count`` equal parts of ``total`` frames; some repeat if there are too few.

    Raises:
        ValueError: If there is no frame, or ``count`` is negative.
    """
    if total < 1 or count < 0:
        raise ValueError(f'total must be at least 1 and count at least 0, but got total={total}, count={count}')
    return [(2 * i + 1) * total // (2 * count) for i in range(count)]


def select_key_frames(
    total: int, count: int, recorded: Iterable[int] = (), excluded: Collection[int] = ()
) -> list[int]:
    """Select exactly ``count`` frames of a clip, so that samples can be batched.

    Frames are taken in this order, evenly spaced within each group: I-frames outside ``excluded``, other frames
    outside, I-frames inside, other frames inside; a clip of fewer than ``count`` frames repeats some.

    Args:
        total: Frames of the clip.
        count: Number of frames to select.
        recorded: Indices of its I-frames, if known; indices beyond the clip are ignored.
        excluded: Indices to avoid, as they are already in the input.

    Returns:
        Indices in ascending order.

    Raises:
        ValueError: If there is no frame, or ``count`` is negative.
    """
    if count > total or total < 1:
        return evenly_spaced(total, count)
    recorded, excluded = set(recorded), set(excluded)
    # The pair sorts frames outside before those inside, and I-frames before others.
    ranks = {index: (index in excluded, index not in recorded) for index in range(total)}
    chosen: list[int] = []
    for rank in sorted(set(ranks.values())):
        tier = [index for index in range(total) if ranks[index] == rank]
        num = min(count - len(chosen), len(tier))
        chosen += [tier[i] for i in evenly_spaced(len(tier), num)]
    return sorted(chosen)
