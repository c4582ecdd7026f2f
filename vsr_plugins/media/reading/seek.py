"""Seek in a video and trim it to a span of time, in files with or without a reliable index."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain
from typing import TypeVar

import av
from av.container import InputContainer

# Seconds to seek before the requested time, tried in order until a key frame is found there.
LEADS = (0, 2, 10, 60)
# Seconds for which it is not noticed that nothing is on the screen.
NOTICED = Fraction(1, 10)
T = TypeVar('T')
# A frame, its presentation time, its duration.
Timed = tuple[T, int, int]


def seek(
    container: InputContainer,
    stream: av.VideoStream,
    frames: Iterator[Timed[av.VideoFrame]],
    earliest: int,
    lead: int,
    units: int = 1,
) -> Iterator[Timed[av.VideoFrame]]:
    """Return the frames from ``lead`` before ``earliest`` on; none if the seek fails.

    Not every format has an index: some seek to a later position, or to frames that need earlier ones.

    Args:
        container: The file.
        stream: Its video stream.
        frames: Iterator over its decoded frames, not started yet.
        earliest: Requested time.
        lead: How much earlier to seek.
        units: How many units of these times, and of those of the frames, the time base of the stream is.
    """
    try:
        container.seek((earliest - lead) // units, stream=stream)
    except (av.FFmpegError, OSError):
        return iter(())
    found = next(frames, None)
    if found is None or not found[0].key_frame or found[1] > earliest:
        return iter(())
    return chain([found], frames)


def trim(
    frames: Iterator[Timed[T]],
    earliest: int,
    latest: Fraction | None,
    has_start: bool,
    mean_duration: int,
    noticed: Fraction,
) -> Iterator[Timed[T]]:
    """Yield the frames of a span. A long frame that is on the screen when the span begins is its first.

    The last frame ends with the span, unless it lasts so little longer that nobody notices.

    Args:
        frames: In presentation order.
        earliest: Time at which the span begins.
        latest: Time at which it ends; None for the end of the video.
        has_start: Whether frames before the span are skipped; times then count from its beginning.
        mean_duration: Average duration of a frame.
        noticed: Duration from which a person notices that nothing is on the screen, or that a frame stays there.
    """
    held, shortest = None, mean_duration
    zero = earliest if has_start else 0
    for frame, pts, duration in frames:
        if has_start and pts < earliest:
            shortest = shortest if held is None else min(shortest, pts - held[1])
            held = frame, pts, duration
            continue
        is_after = latest is not None and pts >= latest
        if held is not None and (is_after or pts - earliest > min(1.5 * shortest, noticed)):
            end = pts if latest is None else min(pts, int(latest))
            yield held[0], 0, end - earliest
        held = None
        if is_after:
            return
        if latest is not None and pts + duration - latest > noticed:
            duration = max(int(latest - pts), 1)
        yield frame, pts - zero, duration
    if held is not None and held[1] + held[2] > earliest:
        end = held[1] + held[2] if latest is None else min(held[1] + held[2], int(latest))
        yield held[0], 0, end - earliest
