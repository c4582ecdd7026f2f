"""Score frames or videos against ground truth, independent of the method."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count
from pathlib import Path

from ..media.images.image_files import UnreadableError
from .functional import vmaf
from .functional.vmaf import find_ffmpeg
from .measures import DEFAULT, MAX_PSNR, of_clips, of_pairs
from .protocols import Protocol
from .scored_clips import Clip, VideoClip, find_clips, pairing_notes
from .scores import Scores, score_frame, score_pair, summarise

MAX_SHOWN_ERRORS = 10


def score_folders(
    prediction: str | Path,
    target: str | Path,
    protocol: Protocol,
    metrics: Sequence[str] = DEFAULT,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
    report: Callable[[str], None] = lambda line: None,
) -> Scores:
    """Measure predicted frames against ground truth.

    Frames are matched by natural order, clips by name; two sources with one clip each match regardless of names. Either
    may be a video file, or contain video files. Frames of more than 8 bits are measured in the range of 8 bits, and
    rounded as the protocol sets. All clips are checked before the first frame is measured.

    From frames 0, 2, 4, ... of a clip of 2N frames a space-time method makes 2N - 1 frames. If a clip has that many,
    the last frame of every clip of even length is excluded: ``drop_unpaired`` of the protocol in the result.

    Args:
        prediction: A video file, or a folder of frames or of clips.
        target: As ``prediction``.
        protocol: Protocol to measure under.
        metrics: Names of ``MEASURES``.
        on_frame: Called with the number of measured frames and their total.
        report: Called with one line for each fact about the pairs that a person would want to know: frames with other
            numbers, other frame rates, videos, frames equal to their ground truth.

    Raises:
        FileNotFoundError: If a source is missing or empty, or weights of a metric do not exist.
        ValueError: If clips are missing, counts or sizes differ, an image cannot be read, or a metric needs
            neighbouring frames and no clip has two measured ones.
    """
    predicted, truth = _matched(prediction, target)
    lengths = {name: (len(predicted[name]), len(clip)) for name, clip in truth.items()}
    if protocol.space_time and any(ours == whole - 1 and whole % 2 == 0 for ours, whole in lengths.values()):
        protocol = protocol.changed(drop_unpaired=True)
    _raise_if_any(
        f'{name}: {ours} predicted frames, but {whole} of ground truth'
        for name, (ours, whole) in lengths.items()
        if ours != whole and not (ours == whole - 1 and protocol.drops_last_of(whole))
    )
    _raise_if_any(error for name in truth for error in _size_errors(predicted[name], truth[name]))
    measured = {name: protocol.select(whole) for name, (_, whole) in lengths.items()}
    if (pairs := of_pairs(metrics)) and max(map(len, measured.values())) < 2:
        raise ValueError(
            f'{", ".join(pairs)}: no clip of {target} has two neighbouring frames that are measured ({protocol})'
        )
    if of_clips(metrics):
        find_ffmpeg()
    total, done, scores = sum(map(len, measured.values())), count(1), {}
    for name, indices in measured.items():
        for note in pairing_notes(name, predicted[name], truth[name]):
            report(note)
        scores[name] = []
        for values in _measure(predicted[name], truth[name], indices, protocol, metrics):
            scores[name].append(values)
            on_frame(next(done), total)
        if of_clips(metrics):
            of_frames = vmaf(predicted[name].frames(indices), truth[name].frames(indices))
            for values, value in zip(scores[name], of_frames, strict=True):
                values['VMAF'] = value
        if equal := sum(values.get('PSNR') == MAX_PSNR for values in scores[name]):
            report(f'{name}: {equal} of {len(indices)} frames equal their ground truth; each counts {MAX_PSNR:g} dB')
    # Positions of the input frames among the measured frames.
    given = {name: protocol.given(whole) for name, (_, whole) in lengths.items()}
    places = {name: [place for place, frame in enumerate(of) if frame in given[name]] for name, of in measured.items()}
    return summarise(scores, protocol, selected=True, given=places)


def _matched(prediction: str | Path, target: str | Path) -> tuple[dict[str, Clip], dict[str, Clip]]:
    """Return the clips of both sources by their common names.

    Raises:
        FileNotFoundError: If a source is missing or empty.
        ValueError: If a clip is missing from one of them.
    """
    predicted, truth = find_clips(prediction), find_clips(target)
    if len(predicted) == len(truth) == 1:
        name = next(iter(truth)) or Path(target).resolve().stem
        predicted, truth = ({name: clip} for clips in (predicted, truth) for clip in clips.values())
    missing = [f'{name}: in {target} but not in {prediction}' for name in truth if name not in predicted]
    _raise_if_any(
        [*missing, *(f'{name}: in {prediction} but not in {target}' for name in predicted if name not in truth)]
    )
    return predicted, truth


def _raise_if_any(errors: Iterable[str]) -> None:
    errors = list(errors)
    if errors:
        shown = errors[:MAX_SHOWN_ERRORS]
        if len(errors) > MAX_SHOWN_ERRORS:
            shown.append(f'... and {len(errors) - MAX_SHOWN_ERRORS} more')
        raise ValueError('the clips cannot be compared:\n  ' + '\n  '.join(shown))


def _measure(
    predicted: Clip, truth: Clip, indices: Sequence[int], protocol: Protocol, metrics: Sequence[str]
) -> Iterator[dict[str, float]]:
    """Yield the values of each frame; those of pairs belong to the second frame of a pair."""
    before = None
    pictures = zip(predicted.frames(indices), truth.frames(indices), strict=True)
    for index, frames in zip(indices, pictures, strict=True):
        try:
            values = score_frame(*frames, protocol, metrics)
            if before is not None and of_pairs(metrics):
                outputs, references = zip(before, frames, strict=True)
                values |= score_pair(outputs, references, protocol, metrics)
        except ValueError as error:
            raise ValueError(f'{predicted.name(index)} and {truth.name(index)}: {error}') from error
        yield values
        before = frames


def _size_errors(predicted: Clip, truth: Clip) -> Iterator[str]:
    """Yield a message for each pair of unreadable frames or different sizes, without decoding the images."""
    videos = isinstance(predicted, VideoClip) and isinstance(truth, VideoClip)
    for index in range(1 if videos else min(len(predicted), len(truth))):
        try:
            (h, w), (height, width) = (clip.size(index) for clip in (predicted, truth))
        except UnreadableError as error:
            yield str(error)
            continue
        if (h, w) != (height, width):
            yield f'{predicted.name(index)} is {w} x {h}, but {truth.name(index)} is {width} x {height}'
