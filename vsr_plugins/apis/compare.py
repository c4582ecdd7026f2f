"""Videos or folders of frames, of several methods, compared in a picture or in a split-screen video."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import zip_longest
from pathlib import Path

import numpy as np

from ..evaluation.protocols import Protocol
from ..evaluation.scores import Scores, score_frame, summarise
from ..media.atomic_files import atomic_write
from ..media.readers import open_reader
from ..media.video_files import DISK_ERRORS
from ..visualization.comparison import comparison_figure, most_telling_window, profile_span
from ..visualization.split_screen import SplitScreen
from ..visualization.video import write_video

logger = logging.getLogger(__name__)

PICTURES = ('.png', '.pdf', '.svg', '.jpg', '.jpeg', '.webp', '.tif', '.tiff')
VIDEOS = ('.mp4', '.mkv', '.mov', '.avi')
TRUTH = 'ground truth'
# Share of the shorter side that a crop is high and wide where none is asked for, and its least size in pixels.
CROP_SHARE, MIN_CROP = 0.2, 16


@dataclass(frozen=True)
class Comparison:
    """What was written.

    Attributes:
        path: The picture or video.
        window: Top, left, height and width of the crop.
        frame: Number of the frame that the picture shows, or the crop was chosen in.
        scores: Method -> PSNR of the clip; None without ground truth.
        damage: Path -> what was wrong with it, one sentence, of those with which something was.
    """

    path: Path
    window: tuple[int, int, int, int]
    frame: int
    scores: dict[str, Scores] | None
    damage: dict[str, str] = field(default_factory=dict)


def compare_videos(
    methods: Mapping[str, str | Path],
    out: str | Path,
    against: str | Path | None = None,
    crop: tuple[int, int, int, int] | None = None,
    frame: int | None = None,
    protocol: Protocol | None = None,
    overwrite: bool = False,
) -> Comparison:
    """Draw several versions of the same frames beside each other.

    A picture shows one frame whole, the same crop of each version enlarged, and a temporal profile: one row of pixels
    in every frame of the clip, where flicker shows as frayed and misalignment as broken lines. A video shows a stripe
    of each version, crops and profiles. With ground truth, each has its PSNR: that of the frame shown.

    Everything is read twice and no more than a frame of each is held.

    Args:
        methods: Name -> video, folder of frames or pattern.
        out: File to write; its ending says whether it is a picture or a video.
        against: Ground truth, shown last.
        crop: x, y, width and height of the crop, pixels. By default where the versions differ most in what there is to
            see.
        frame: Frame to show, from 0; by default the middle one.
        protocol: How to measure; by default ``basicvsr``.
        overwrite: Replace a file that is there.

    Raises:
        FileNotFoundError: If a path is missing.
        FileExistsError: If the file is there and ``overwrite`` is off.
        ValueError: If sizes or numbers of frames differ, crop or frame lie outside, ``out`` has no known ending, or it
            is what is read.
    """
    from ..evaluation.protocols import get_protocol

    out = Path(out)
    suffix = out.suffix.lower()
    if suffix not in PICTURES + VIDEOS:
        raise ValueError(f'{out} must end in one of {", ".join(PICTURES)} or, for a video, {", ".join(VIDEOS)}')
    if out.exists() and not overwrite:
        raise FileExistsError(f'{out} is already there; replace it with --force (overwrite=True)')
    if TRUTH in methods:
        raise ValueError(f'no version can be called {TRUTH!r}')
    protocol = protocol or get_protocol('basicvsr')
    clips = _Clips({**methods, **({} if against is None else {TRUTH: against})})
    if out.resolve() in clips.files():
        raise ValueError(f'{out} is what is read; name another file')
    count, values = clips.measure(protocol)
    frame = count // 2 if frame is None else frame
    if not 0 <= frame < count:
        raise ValueError(f'frame must be between 0 and {count - 1}, but got {frame}')
    shown = clips.at(frame)
    reference = TRUTH if against is not None else next(reversed(shown))
    window = _window(shown, reference, crop)
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        if suffix in VIDEOS:
            if clips.is_variable:
                logger.warning('the frames last differently long; in %s all last as long as each other', out)
            write_video(_screens(clips, window, values), out, clips.rate, overwrite=overwrite)
        else:
            row, span = profile_span(window, clips.size)
            profiles = clips.rows(row, span) if count > 1 else None
            notes = {name: f'{name}\n{of[frame]["PSNR"]:.2f} dB' for name, of in values.items()}
            title = f'frame {frame} of {count}' + (f', PSNR on {protocol.color}' if values else '')
            panels = {notes.get(name, name): pixels for name, pixels in shown.items()}
            figure = comparison_figure(panels, notes.get(reference, reference), window, title, profiles)
            with atomic_write(out) as partial:
                figure.savefig(partial)
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise OSError(error.errno, error.strerror, str(out)) from error
    scores = {name: summarise({Path(against).stem: of}, protocol) for name, of in values.items()} or None
    damage = {str(clips.paths[name]): source.damage for name, source in clips.sources.items() if source.damage}
    return Comparison(out, window, frame, scores, damage)


class _Clips:
    """The same clip in several versions, read side by side as often as needed."""

    def __init__(self, paths: Mapping[str, str | Path]) -> None:
        if len(paths) < 2:
            raise ValueError('at least two videos or folders are needed to compare')
        self.paths = paths
        self.sources = {name: open_reader(path) for name, path in paths.items()}
        self.is_variable = False
        first = next(iter(self.sources))
        self.size = self.sources[first].info.size
        self.rate: Fraction = self.sources[first].info.rate
        for name, source in self.sources.items():
            if source.info.size != self.size:
                raise ValueError(
                    'the versions must be of one size, but '
                    f'{paths[first]} is {_size(self.size)} and {paths[name]} is {_size(source.info.size)}'
                )

    def files(self) -> set[Path]:
        """All that is read."""
        return {
            path.resolve()
            for source in self.sources.values()
            for path in ([source.path] if source.path is not None else source.paths)
        }

    def frames(self) -> Iterator[dict[str, np.ndarray]]:
        """Name -> (h, w, 3) uint8, frame by frame.

        Raises:
            ValueError: If one has more frames than another.
        """
        with ExitStack() as stack:
            readers = [source.frames() for source in self.sources.values()]
            for reader in readers:
                stack.callback(reader.close)
            before: list[int | None] = [None] * len(readers)
            steps: list[int | None] = [None] * len(readers)
            for number, frames in enumerate(zip_longest(*readers)):
                ended = [path for path, frame in zip(self.paths.values(), frames, strict=True) if frame is None]
                if ended:
                    longer = next(p for p, frame in zip(self.paths.values(), frames, strict=True) if frame is not None)
                    raise ValueError(
                        f'the versions must have as many frames, but {ended[0]} has {number} and {longer} has more'
                    )
                for index, (last, frame) in enumerate(zip(before, frames, strict=True)):
                    if last is not None:
                        step = frame.pts - last
                        steps[index] = steps[index] or step
                        self.is_variable |= abs(step - steps[index]) > steps[index] / 2
                before = [frame.pts for frame in frames]
                yield {name: _eight_bit(frame.pixels) for name, frame in zip(self.sources, frames, strict=True)}

    def measure(self, protocol: Protocol) -> tuple[int, dict[str, list[dict[str, float]]]]:
        """Number of frames, and for each version its PSNR frame by frame if there is ground truth."""
        values: dict[str, list[dict[str, float]]] = {}
        count = 0
        for frames in self.frames():
            count += 1
            if TRUTH in frames:
                for name, pixels in frames.items():
                    if name != TRUTH:
                        values.setdefault(name, []).append(score_frame(pixels, frames[TRUTH], protocol, ['PSNR']))
        return count, values

    def at(self, number: int) -> dict[str, np.ndarray]:
        """One frame of each."""
        return next(frames for index, frames in enumerate(self.frames()) if index == number)

    def rows(self, row: int, span: slice) -> dict[str, np.ndarray]:
        """Name -> a row of pixels in every frame, (t, w', 3)."""
        rows: dict[str, list[np.ndarray]] = {name: [] for name in self.sources}
        for frames in self.frames():
            for name, pixels in frames.items():
                rows[name].append(pixels[row, span].copy())
        return {name: np.stack(lines) for name, lines in rows.items()}


def _screens(
    clips: _Clips, window: tuple[int, int, int, int], values: Mapping[str, list[dict[str, float]]]
) -> Iterator[np.ndarray]:
    screen = SplitScreen(list(clips.sources), window, clips.size)
    for number, frames in enumerate(clips.frames()):
        yield screen.draw(frames, {name: f'{of[number]["PSNR"]:.2f} dB' for name, of in values.items()})


def _window(
    shown: Mapping[str, np.ndarray], reference: str, crop: tuple[int, int, int, int] | None
) -> tuple[int, int, int, int]:
    h, w = shown[reference].shape[:2]
    if crop is None:
        side = min(max(round(min(h, w) * CROP_SHARE), MIN_CROP), h, w)
        return (*most_telling_window(shown, reference, side, side), side, side)
    left, top, width, height = crop
    if min(left, top) < 0 or min(width, height) < 1 or left + width > w or top + height > h:
        raise ValueError(
            f'the crop must lie inside {w} x {h}, but got x,y,width,height = {left},{top},{width},{height}'
        )
    return top, left, height, width


def _eight_bit(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def _size(size: tuple[int, ...]) -> str:
    return f'{size[1]} x {size[0]}'


def name_versions(versions: list[str], against: str | None = None) -> dict[str, str]:
    """Names for paths: the NAME of ``NAME=PATH``, else the part of the path by which it differs from the others.

    Args:
        versions: Paths, named or not.
        against: Path of the ground truth, which has its own name.

    Raises:
        ValueError: If two have the same name.
    """
    named: dict[str, str] = {}
    pairs = [
        (None, version) if '=' not in version or Path(version).exists() else tuple(version.split('=', 1))
        for version in versions
    ]
    bare = [Path(path).resolve() for name, path in pairs if name is None]
    bare += [Path(against).resolve()] if against is not None else []
    for name, path in pairs:
        name = name if name is not None else _distinct_part(Path(path).resolve(), bare)
        if name in named:
            raise ValueError(f'two versions are called {name!r}: name them, as in NAME={path}')
        named[name] = path
    return named


def _distinct_part(path: Path, others: list[Path]) -> str:
    """The last part of a path that no other has at that place; without its ending if it is a file's."""
    for depth in range(1, len(path.parts)):
        part = path.parts[-depth]
        if sum(depth < len(other.parts) and other.parts[-depth] == part for other in others) == 1:
            return path.stem if depth == 1 and path.is_file() else part
    return path.name
