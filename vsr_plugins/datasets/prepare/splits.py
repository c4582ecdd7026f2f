"""The 'normal' and the 'remote' clips of a prepared data set.

Source: "Efficient Video Super-Resolution with Latent Attention" (Computer Science, 2023, 50(11A): 221100156), sections
6.2 and 7. 'Normal' is every clip; 'remote' are those that long-range attention should gain most from, with strong
motion or a large change of scene. The paper chose them by hand and gives no numbers: measures and thresholds are ours.
"""

import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from ...media.images import list_images, read_rgb
from ...media.shots import CUT, WORKING_WIDTH, ClipMeasures, measure_clip
from .manifest import Manifest, digest

PARTS = ('train', 'val')
LIST = 'meta_info_clips_{}.txt'
MEASUREMENTS = 'clip_measurements.json'
RECORD = '.vsr_split.jsonl'


@dataclass(frozen=True)
class Criterion:
    """What makes a clip 'remote': any one of these is reached.

    The defaults were chosen on 33 short clips, mostly of DAVIS, of which they take 7. Frames of different clips there
    are 0.23 apart or more, neighbouring ones of one clip 0.15 at most.

    Attributes:
        mean_motion: Strong motion: percent of the frame's width that a pixel moves from frame to frame on average.
        high_motion: Strong motion: the same of the fastest tenth of the pixels.
        neighbour_change: A cut: ``scene_distance`` of neighbouring frames.
        total_change: A change of scene: ``scene_distance`` of the first and the last frame.
    """

    mean_motion: float = 1.5
    high_motion: float = 2.0
    neighbour_change: float = CUT
    total_change: float = 0.25

    def reasons(self, measures: ClipMeasures) -> list[str]:
        """Why a clip is 'remote', by the names of the thresholds it reaches; empty if it is not."""
        return [name for name, threshold in asdict(self).items() if getattr(measures, name) >= threshold]


@dataclass(frozen=True)
class Split:
    """What was found and written.

    Attributes:
        measures: By part ('train', 'val') and clip.
        reasons: Of each 'remote' clip by name.
        files: Annotation files and the measurements.
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
    """Measure the clips that ``vsr prepare clips`` made and write which of them are 'normal' and which 'remote'.

    For either part, training and validation, ``meta_info_clips_<part>_normal.txt`` and ``..._remote.txt`` are written
    beside the lists they come from, and ``clip_measurements.json`` says why. It can be stopped and run again, also with
    another criterion: a clip that did not change is not measured again.

    Args:
        folder: The prepared data set, ``DATA_ROOT/clips``.
        criterion: Default: ``Criterion()``.
        workers: Clips measured beside each other; default one a CPU.
        on_progress: Called with the numbers of clips measured and of all clips.

    Returns:
        Split: What was found.

    Raises:
        FileNotFoundError: If the data set or a list is missing.
        ValueError: If a clip has no frames or cannot be read, or a file that this package did not make is in the way;
            then nothing is written over.
    """
    folder = Path(folder)
    criterion = criterion or Criterion()
    lines = {part: _lines(folder / LIST.format(part)) for part in PARTS}
    manifest = Manifest(folder)
    written = {LIST.format(f'{part}_{subset}') for part in PARTS for subset in ('normal', 'remote')} | {MEASUREMENTS}
    _refuse(manifest.text_obstacles(dict.fromkeys(written, '')))

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
    """The lines of an annotation file by their clips."""
    if not path.is_file():
        raise FileNotFoundError(f'there is no {path}; `vsr prepare clips SRC {path.parent.parent}` makes it')
    lines = (line for line in path.read_text(encoding='utf-8').splitlines() if line.strip())
    return {line.split()[0]: line for line in lines}


def _text(lines: Iterable[str]) -> str:
    return ''.join(f'{line}\n' for line in lines)


def _refuse(obstacles: list[str]) -> None:
    if obstacles:
        raise ValueError('\n  '.join(['nothing was written:', *obstacles]))


def _measure_all(
    folder: Path, clips: list[str], workers: int, on_progress: Callable[[int, int], None] | None
) -> dict[str, ClipMeasures]:
    """Measure what the record does not hold, and record each clip once it is measured."""
    record = folder / RECORD
    known = _read_record(record)
    found = {}
    with ThreadPoolExecutor(workers) as pool:
        try:
            for clip, state, measures in pool.map(lambda clip: _measure(folder, clip, known), clips):
                found[clip] = measures
                if known.get(clip, ('', None))[0] != state:
                    with open(record, 'a', encoding='utf-8') as file:
                        # A line cut short by a kill must not swallow this one.
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
        raise ValueError(f'{frames} holds no frames, though a list names the clip; prepare the data set again')
    content = '\n'.join(f'{path.name} {path.stat().st_size}' for path in paths)
    state = digest(f'{WORKING_WIDTH} {CUT}\n{content}'.encode())[:16]
    if clip in known and known[clip][0] == state:
        return clip, state, known[clip][1]
    return clip, state, measure_clip(map(read_rgb, paths))


def _read_record(path: Path) -> dict[str, tuple[str, ClipMeasures]]:
    """What an earlier run measured. A line that a kill cut short is measured again."""
    known = {}
    for line in path.read_text(encoding='utf-8').splitlines() if path.exists() else ():
        try:
            fields = json.loads(line)
        except json.JSONDecodeError:
            continue
        clip, state = fields.pop('clip'), fields.pop('state')
        known[clip] = state, ClipMeasures(**fields)
    return known
