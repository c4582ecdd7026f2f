"""Score folders of predicted frames against ground truth, independent of the method."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ..media.images import UnreadableError, list_images, natural_key, probe, read_rgb
from .measures import DEFAULT, of_pairs
from .protocols import Protocol
from .scores import Scores, score_frame, score_pair, summarise

MAX_SHOWN_ERRORS = 10


def find_clips(folder: str | Path) -> dict[str, list[Path]]:
    """Return the clips of a folder: its sub-folders that contain images, or the folder itself if it contains images.

    Hidden folders are excluded, as hidden files are.

    Args:
        folder: Folder to search.

    Returns:
        Clip -> its frames, both in natural order. A clip's name is its path below ``folder``; the name of a single
        clip directly in the folder is ``''``.

    Raises:
        FileNotFoundError: If the folder does not exist or contains no image.
        ValueError: If both the folder and its sub-folders contain images.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(f'{folder} is not a folder')
    below = (path.relative_to(folder) for path in folder.rglob('*') if path.is_dir())
    visible = (path for path in below if not any(part.startswith('.') for part in path.parts))
    clips = {path.as_posix(): list_images(folder / path) for path in visible}
    clips = {name: clips[name] for name in sorted(clips, key=natural_key) if clips[name]}
    directly = list_images(folder)
    if directly and clips:
        raise ValueError(f'{folder} contains images and folders of images ({next(iter(clips))}, ...): remove one kind')
    if not directly and not clips:
        raise FileNotFoundError(f'no image in {folder} or below it')
    return clips or {'': directly}


def score_folders(
    prediction: str | Path,
    target: str | Path,
    protocol: Protocol,
    metrics: Sequence[str] = DEFAULT,
    on_frame: Callable[[int, int], None] = lambda done, total: None,
) -> Scores:
    """Measure predicted frames against ground truth.

    Frames are matched by natural order, clips by name; two folders with one clip each match regardless of names. All
    folders are checked before the first frame is measured.

    From frames 0, 2, 4, ... of a clip of 2N frames a space-time method makes 2N - 1 frames. If a clip has that many,
    the last frame of every clip of even length is excluded: ``drop_unpaired`` of the protocol in the result.

    Args:
        prediction: Folder of frames or of clips.
        target: Folder of frames or of clips.
        protocol: Protocol to measure under.
        metrics: Names of ``MEASURES``.
        on_frame: Called with the number of measured frames and their total.

    Raises:
        FileNotFoundError: If a folder is missing or empty, or weights of a metric do not exist.
        ValueError: If clips are missing, counts or sizes differ, an image cannot be read, or a metric needs
            neighbouring frames and no clip has two measured ones.
    """
    predicted, truth = find_clips(prediction), find_clips(target)
    if len(predicted) == len(truth) == 1:
        name = next(iter(truth)) or Path(target).resolve().name
        predicted, truth = ({name: frames} for clips in (predicted, truth) for frames in clips.values())
    errors = [f'{name}: in {target} but not in {prediction}' for name in truth if name not in predicted]
    errors += [f'{name}: in {prediction} but not in {target}' for name in predicted if name not in truth]
    shorter = {
        name: len(predicted[name]) - len(frames)
        for name, frames in truth.items()
        if name in predicted and len(predicted[name]) != len(frames)
    }
    if protocol.space_time and any(less == -1 and len(truth[name]) % 2 == 0 for name, less in shorter.items()):
        protocol = protocol.changed(drop_unpaired=True)
    errors += [
        f'{name}: {len(predicted[name])} predicted frames, but {len(truth[name])} of ground truth'
        for name, less in shorter.items()
        if less != -1 or not protocol.drops_last_of(len(truth[name]))
    ]
    errors = errors or [
        error for name in truth for error in _size_errors(predicted[name], truth[name][: len(predicted[name])])
    ]
    if errors:
        shown = errors[:MAX_SHOWN_ERRORS]
        if len(errors) > MAX_SHOWN_ERRORS:
            shown.append(f'... and {len(errors) - MAX_SHOWN_ERRORS} more')
        raise ValueError('the folders cannot be compared:\n  ' + '\n  '.join(shown))

    measured = {name: protocol.select(len(frames)) for name, frames in truth.items()}
    given = {name: protocol.given(len(frames)) for name, frames in truth.items()}
    total = sum(len(indices) for indices in measured.values())
    pairs = of_pairs(metrics)
    if pairs and max(map(len, measured.values())) < 2:
        raise ValueError(
            f'{", ".join(pairs)}: no clip of {target} has two neighbouring frames that are measured ({protocol})'
        )
    done = 0
    scores = {}
    for name, indices in measured.items():
        scores[name], before = [], None
        for index in indices:
            paths = predicted[name][index], truth[name][index]
            try:
                frames = read_rgb(paths[0]), read_rgb(paths[1])
                values = score_frame(*frames, protocol, metrics)
                if pairs and before is not None:
                    outputs, references = zip(before, frames, strict=True)
                    values |= score_pair(outputs, references, protocol, metrics)
            except ValueError as error:
                raise ValueError(f'{paths[0]} and {paths[1]}: {error}') from error
            scores[name].append(values)
            before = frames
            done += 1
            on_frame(done, total)
    # Positions of the input frames among the measured frames.
    places = {name: [place for place, frame in enumerate(of) if frame in given[name]] for name, of in measured.items()}
    return summarise(scores, protocol, selected=True, given=places)


def _size_errors(predicted: Sequence[Path], truth: Sequence[Path]) -> Iterator[str]:
    """Yield a message for each pair of unreadable files or different sizes, without decoding the images."""
    for pair in zip(predicted, truth, strict=True):
        try:
            (h, w), (height, width) = (probe(path).size for path in pair)
        except UnreadableError as error:
            yield str(error)
            continue
        if (h, w) != (height, width):
            yield f'{pair[0]} is {w} x {h}, but {pair[1]} is {width} x {height}'
