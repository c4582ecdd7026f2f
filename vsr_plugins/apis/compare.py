"""Compare the videos or folders of frames of several methods in a picture or a split-screen video."""

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
from ..media.atomic_files import atomic_write, require_output
from ..media.frames import in_8_bits
from ..media.reading.image_reader import ImageReader
from ..media.reading.video_reader import VideoReader
from ..media.video_files import DISK_ERRORS
from ..visualization.comparison import comparison_figure, most_telling_window, profile_span
from ..visualization.split_screen import SplitScreen
from ..visualization.video import write_video
from .compared import TRUTH, open_versions, with_truth

logger = logging.getLogger(__name__)

PICTURES = ('.png', '.pdf', '.svg', '.jpg', '.jpeg', '.webp', '.tif', '.tiff')
VIDEOS = ('.mp4', '.mkv', '.mov', '.avi')
# Default side of the crop as a share of the shorter side, and its minimum in pixels.
CROP_SHARE, MIN_CROP = 0.2, 16


@dataclass(frozen=True)
class Comparison:
    """A written comparison.

    Attributes:
        path: The picture or video.
        window: Top, left, height and width of the crop.
        frame: Number of the frame that the picture shows, or in which the crop was chosen.
        scores: PSNR of the clip by method; None without ground truth.
        damage: Damage of each damaged input by its path, one sentence.
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

    A picture shows one full frame, the same enlarged crop of each version, and a temporal profile: one row of pixels of
    every frame of the clip, in which flicker shows as frayed lines and misalignment as broken lines. A video shows a
    stripe of each version, crops and profiles. With ground truth, each version is labelled with the PSNR of the frame.

    Everything is read twice, with at most one frame of each version in memory.

    Args:
        methods: Video, folder of frames or pattern by name.
        out: File to write; a picture or a video by its suffix.
        against: Ground truth, shown last.
        crop: x, y, width and height of the crop in pixels. By default where the versions differ most visibly.
        frame: Frame to show, from 0; by default the middle one.
        protocol: Protocol of the PSNR; by default ``basicvsr``.
        overwrite: Replace an existing file.

    Raises:
        FileNotFoundError: If a path is missing.
        FileExistsError: If the file exists and ``overwrite`` is off.
        ValueError: If sizes or numbers of frames differ, crop or frame lie outside, the suffix of ``out`` is unknown,
            or ``out`` is one of the inputs.
    """
    from ..evaluation.protocols import get_protocol

    out = Path(out)
    require_output(out, overwrite, PICTURES + VIDEOS)
    protocol = protocol or get_protocol('basicvsr')
    paths = with_truth(methods, against)
    clips = _Clips(paths, open_versions(paths, out))
    count, values = clips.measure(protocol)
    frame = count // 2 if frame is None else frame
    if not 0 <= frame < count:
        raise ValueError(f'frame must be between 0 and {count - 1}, but got {frame}')
    shown = clips.at(frame)
    reference = TRUTH if against is not None else next(reversed(shown))
    window = _window(shown, reference, crop)
    out.parent.mkdir(parents=True, exist_ok=True)
    try:
        if out.suffix.lower() in VIDEOS:
            if clips.is_variable:
                logger.warning('the input has a variable frame rate; in %s all frames have the same duration', out)
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
    """Several versions of the same clip, which can be read in parallel repeatedly."""

    def __init__(self, paths: Mapping[str, str | Path], sources: dict[str, VideoReader | ImageReader]) -> None:
        self.paths, self.sources = paths, sources
        self.is_variable = False
        first = next(iter(self.sources))
        self.size = self.sources[first].info.size
        self.rate: Fraction = self.sources[first].info.rate
        for name, source in self.sources.items():
            if source.info.size != self.size:
                raise ValueError(
                    'the versions must have the same size, but '
                    f'{paths[first]} is {_size(self.size)} and {paths[name]} is {_size(source.info.size)}'
                )

    def frames(self) -> Iterator[dict[str, np.ndarray]]:
        """Yield for each frame the pixels of all versions by name, (h, w, 3) uint8.

        Raises:
            ValueError: If the numbers of frames differ.
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
                        'the versions must have the same number of frames, but '
                        f'{ended[0]} has {number} and {longer} has more'
                    )
                for index, (last, frame) in enumerate(zip(before, frames, strict=True)):
                    if last is not None:
                        step = frame.pts - last
                        steps[index] = steps[index] or step
                        self.is_variable |= abs(step - steps[index]) > steps[index] / 2
                before = [frame.pts for frame in frames]
                for path, frame in zip(self.paths.values(), frames, strict=True):
                    if frame.pixels.shape[:2] != self.size:
                        raise ValueError(
                            f'{path} changes its size at frame {number} to {_size(frame.pixels.shape)}, but all '
                            f'frames must be {_size(self.size)}'
                        )
                yield {name: in_8_bits(frame.pixels) for name, frame in zip(self.sources, frames, strict=True)}

    def measure(self, protocol: Protocol) -> tuple[int, dict[str, list[dict[str, float]]]]:
        """Return the number of frames and, if there is ground truth, the PSNR of each version and frame."""
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
        """Return one frame of each version by name."""
        return next(frames for index, frames in enumerate(self.frames()) if index == number)

    def rows(self, row: int, span: slice) -> dict[str, np.ndarray]:
        """Return a row of pixels of every frame by name of the version, (t, w', 3)."""
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


def _size(size: tuple[int, ...]) -> str:
    return f'{size[1]} x {size[0]}'


def name_versions(versions: list[str], against: str | None = None) -> dict[str, str]:
    """Name paths: by the NAME of ``NAME=PATH``, else by the part of the path that differs from the others.

    Args:
        versions: ``PATH`` or ``NAME=PATH`` each.
        against: Path of the ground truth, which is named separately.

    Raises:
        ValueError: If two versions have the same name.
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
            raise ValueError(f'two versions are called {name!r}; name them, as in NAME={path}')
        named[name] = path
    return named


def _distinct_part(path: Path, others: list[Path]) -> str:
    """Return the last part of a path that no other has at that position; a file name without its suffix."""
    for depth in range(1, len(path.parts)):
        part = path.parts[-depth]
        if sum(depth < len(other.parts) and other.parts[-depth] == part for other in others) == 1:
            return path.stem if depth == 1 and path.is_file() else part
    return path.name
