"""Seek and trim: the frames of a part of a video, in files with a good index or a bad one."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain

import av

# Seconds to seek before what is looked for, one after another until a key frame is found there.
LEADS = (0, 2, 10, 60)
# A frame, when it is shown, and for how long.
Timed = tuple[av.VideoFrame, int, int]


def seek(
    container: av.container.InputContainer,
    stream: av.VideoStream,
    frames: Iterator[Timed],
    earliest: int,
    lead: int,
) -> Iterator[Timed]:
    """Frames from ``lead`` before ``earliest`` on; none if the file does not lead there.

    Not every format has an index: some seek to a place behind, or to frames that need what lies before.

    Args:
        container: The file.
        stream: Its video.
        frames: What is decoded of it, not begun yet.
        earliest: The time that is looked for, in the units of the stream.
        lead: How much before, likewise.
    """
    try:
        container.seek(earliest - lead, stream=stream)
    except (av.FFmpegError, OSError):
        return iter(())
    found = next(frames, None)
    if found is None or not found[0].key_frame or found[1] > earliest:
        return iter(())
    return chain([found], frames)


def trim(
    frames: Iterator[Timed], earliest: int | None, latest: Fraction | None, has_start: bool, usual: int
) -> Iterator[Timed]:
    """The frames of a stretch. A long one that is on the screen when the stretch begins is its first.

    Args:
        frames: In the order in which they are shown.
        earliest: Time at which the stretch begins; None for both where it is all.
        latest: Time at which it ends; None for the end.
        has_start: Something is left out before it, and times are to count from its beginning.
        usual: How long a frame lasts on average.
    """
    held, shortest = None, usual
    zero = earliest if has_start else 0
    for frame, pts, lasts in frames:
        if has_start and pts < earliest:
            shortest = shortest if held is None else min(shortest, pts - held[1])
            held = frame, pts, lasts
            continue
        is_behind = latest is not None and pts >= latest
        if held is not None and (is_behind or pts - earliest > 1.5 * shortest):
            yield held[0], 0, int(latest if is_behind else pts) - earliest
        held = None
        if is_behind:
            return
        yield frame, pts - zero, lasts
    if held is not None and held[1] + held[2] > earliest:
        yield held[0], 0, held[1] + held[2] - earliest
