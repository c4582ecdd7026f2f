"""Split a prepared data set into 'normal' and 'remote' clips.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), sections
6.2 and 7. 'Normal' contains every clip; 'remote' those that should gain most from long-range attention, with strong
motion or a large change of scene. The paper chose them by hand and states no numbers: measures and thresholds are ours.
"""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from ...media.images.image_files import list_images, read_rgb
from ...media.reading.shots import CUT, WORKING_WIDTH, ClipMeasures, measure_clip
from .manifest import Manifest, digest

PARTS = ('train', 'val')
LIST = 'meta_info_clips_{}.txt'
MEASUREMENTS = 'clip_measurements.json'
RECORD = '.vsr_split.jsonl'


@dataclass(frozen=True)
class Criterion:
    """Thresholds for a 'remote' clip: reaching any one suffices.

    The defaults were chosen on 33 short clips, mostly of DAVIS, of which they select 7. Frames of different clips there
    have a distance of at least 0.23, neighbouring frames of one clip at most 0.15.

    Attributes:
        mean_motion: Strong motion: average motion of a pixel per frame, in percent of the frame's width.
        high_motion: Strong motion: the same of the fastest tenth of the pixels.
        neighbour_change: A cut: ``scene_distance`` of neighbouring frames.
        total_change: A change of scene: ``scene_distance`` of the first and the last frame.
    """

    mean_motion: float = 1.5
    high_motion: float = 2.0
    neighbour_change: float = CUT
    total_change: float = 0.25

    def reasons(self, measures: ClipMeasures) -> list[str]:
        """Return the names of the thresholds that a clip reaches; empty if it is not 'remote'."""
        return [name for name, threshold in asdict(self).items() if getattr(measures, name) >= threshold]


@dataclass(frozen=True)
class Split:
    """Result of a split.

    Attributes:
        measures: Measures by part ('train', 'val') and clip.
        reasons: Reached thresholds of each 'remote' clip.
        files: Annotation files and the file of measurements.
    """

    measures: dict[str, dict[str, ClipMeasures]]
    reasons: dict[str, list[str]]
    files: list[Path]


def split_clips(
    folder: str | Path,
    criterion: Criterion | None = None,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Split:
    """Measure the clips made by ``vsr prepare clips`` and list which of them are 'normal' and which 'remote'.

    For both parts, training and validation, ``meta_info_clips_<part>_normal.txt`` and ``..._remote.txt`` are written
    next to their source lists, and the reasons to ``clip_measurements.json``. It can be stopped and run again, also
    with another criterion: an unchanged clip is not measured again.

    Args:
        folder: Folder of the prepared data set, ``DATA_ROOT/clips``.
        criterion: Default: ``Criterion()``.
        workers: Number of clips measured in parallel; default one per CPU.
        on_progress: Called with the numbers of clips measured and of all clips.

    Returns:
        Split: Result.

    Raises:
        FileNotFoundError: If the data set or a list is missing.
        ValueError: If a clip has no frames or cannot be read, or a target exists that this package did not make; then
            nothing is overwritten.
    """
    folder = Path(folder)
    criterion = criterion or Criterion()
    lines = {part: _lines(folder / LIST.format(part)) for part in PARTS}
    manifest = Manifest(folder)
    written = {LIST.format(f'{part}_{subset}') for part in PARTS for subset in ('normal', 'remote')} | {MEASUREMENTS}
    _require_none(manifest.text_obstacles(dict.fromkeys(written, '')))

    clips = list(dict.fromkeys(clip for part in PARTS for clip in lines[part]))
    found = _measure_all(folder, clips, workers or os.cpu_count() or 1, on_progress)
    reasons = {clip: why for clip in clips if (why := criterion.reasons(found[clip]))}
    texts = {}
    for part, of_part in lines.items():
        texts[LIST.format(f'{part}_normal')] = _text(of_part.values())
        texts[LIST.format(f'{part}_remote')] = _text(line for clip, line in of_part.items() if clip in reasons)
    measured = {
        part: {clip: asdict(found[clip]) | dict(remote=reasons.get(clip, [])) for clip in lines[part]} for part in PARTS
    }
    texts[MEASUREMENTS] = json.dumps(dict(criterion=asdict(criterion), **measured), indent=1) + '\n'
    manifest.write_texts(texts)
    measures = {part: {clip: found[clip] for clip in lines[part]} for part in PARTS}
    return Split(measures, reasons, [folder / name for name in texts])


def _lines(path: Path) -> dict[str, str]:
    """Return the lines of an annotation file by clip."""
    if not path.is_file():
        raise FileNotFoundError(f'{path} does not exist; to make it, run `vsr prepare clips SRC {path.parent.parent}`')
    lines = (line for line in path.read_text(encoding='utf-8').splitlines() if line.strip())
    return {line.split()[0]: line for line in lines}


def _text(lines: Iterable[str]) -> str:
    return ''.join(f'{line}\n' for line in lines)


def _require_none(obstacles: list[str]) -> None:
    if obstacles:
        raise ValueError('\n  '.join(['nothing was written:', *obstacles]))


def _measure_all(
    folder: Path, clips: list[str], workers: int, on_progress: Callable[[int, int], None] | None
) -> dict[str, ClipMeasures]:
    """Measure the clips missing in the record, and append each to it once measured."""
    record = folder / RECORD
    known = _read_record(record)
    found = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            for clip, state, measures in pool.map(lambda clip: _measure(folder, clip, known), clips):
                found[clip] = measures
                if known.get(clip, ('', None))[0] != state:
                    with open(record, 'a', encoding='utf-8') as file:
                        # Start a new line: the last one may be truncated by a killed process.
                        file.write('\n' + json.dumps(dict(clip=clip, state=state, **asdict(measures))))
                if on_progress is not None:
                    on_progress(len(found), len(clips))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found


def _measure(folder: Path, clip: str, known: dict[str, tuple[str, ClipMeasures]]) -> tuple[str, str, ClipMeasures]:
    frames = folder / 'GT' / clip
    paths = list_images(frames) if frames.is_dir() else []
    if not paths:
        raise ValueError(f'{frames} contains no frames, but a list contains the clip; prepare the data set again')
    content = '\n'.join(f'{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}' for path in paths)
    state = digest(f'{WORKING_WIDTH} {CUT}\n{content}'.encode())[:16]
    if clip in known and known[clip][0] == state:
        return clip, state, known[clip][1]
    return clip, state, measure_clip(map(read_rgb, paths))


def _read_record(path: Path) -> dict[str, tuple[str, ClipMeasures]]:
    """Read the measures of an earlier run. A clip with a truncated line is measured again."""
    known = {}
    for line in path.read_text(encoding='utf-8').splitlines() if path.exists() else ():
        try:
            fields = json.loads(line)
        except json.JSONDecodeError:
            continue
        clip, state = fields.pop('clip'), fields.pop('state')
        known[clip] = state, ClipMeasures(**fields)
    return known
