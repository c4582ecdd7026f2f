"""Shot detection side by side: the package's, PySceneDetect's detectors and FFmpeg's scdet, on spliced clips.

    python benchmarks/shot_detection.py CLIP ... [--frames 8]

Clips are folders of frames or video files. Each contributes its first frames to one film, so that every place where two
clips meet is a cut and no other place is one (clips of one scene, such as ``camel_0`` and ``camel_1``, are separated by
others). The same film is also darkened and brightened over time, which adds no cut. Printed for each detector: cuts
found and false cuts at its default threshold, and the best F1 over all thresholds.
PySceneDetect is needed: pip install scenedetect.
"""

import argparse
import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import av.filter
import cv2
import numpy as np

from vsr_plugins.datasets.clip_source import ClipSource
from vsr_plugins.media.reading.shots import CUT, scene_distance

SIZE = (320, 180)
Scores = list[float]


def film_of(clips: Sequence[Path], count: int) -> tuple[list[np.ndarray], set[int]]:
    """Frames (h, w, 3) uint8 RGB, and the numbers of those that begin a clip."""
    frames, cuts = [], set()
    for clip in clips:
        cuts.add(len(frames))
        frames += [cv2.resize(frame, SIZE, interpolation=cv2.INTER_AREA) for frame in ClipSource(clip).read(0, count)]
    return frames, cuts - {0}


def faded(frames: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The film under an exposure that swings by a factor of two, slowly."""
    gains = 0.75 + 0.25 * np.sin(np.arange(len(frames)) * 0.7)
    return [np.clip(frame * gain, 0, 255).astype(np.uint8) for frame, gain in zip(frames, gains, strict=True)]


def ours(frames: Sequence[np.ndarray]) -> Scores:
    """``scene_distance`` to the frame before."""
    return [0.0, *(scene_distance(first, second) for first, second in zip(frames, frames[1:], strict=False))]


def content(frames: Sequence[np.ndarray]) -> Scores:
    """The score of PySceneDetect's ContentDetector (weighted change of hue, saturation and luma)."""
    from scenedetect import ContentDetector

    return _scenedetect(frames, ContentDetector(min_scene_len=1), 'content_val')


def adaptive(frames: Sequence[np.ndarray]) -> Scores:
    """The score of its AdaptiveDetector (that of a frame against those around it)."""
    from scenedetect import AdaptiveDetector

    detector = AdaptiveDetector(min_scene_len=1)
    return _scenedetect(frames, detector, detector.get_metrics()[-1])


def scdet(frames: Sequence[np.ndarray]) -> Scores:
    """The score of FFmpeg's filter, as PyAV brings it."""
    graph = av.filter.Graph()
    height, width = frames[0].shape[:2]
    source = graph.add_buffer(width=width, height=height, format='yuv420p', time_base=Fraction(1, 25))
    detector = graph.add('scdet', 't=0')
    sink = graph.add('buffersink')
    source.link_to(detector)
    detector.link_to(sink)
    graph.configure()
    scores = []
    for number, pixels in enumerate(frames):
        frame = av.VideoFrame.from_ndarray(pixels, format='rgb24').reformat(format='yuv420p')
        frame.pts, frame.time_base = number, Fraction(1, 25)
        source.push(frame)
        scores.append(float(sink.pull().metadata.get('lavfi.scd.score', 0)))
    return scores


def _scenedetect(frames: Sequence[np.ndarray], detector: object, metric: str) -> Scores:
    from scenedetect import FrameTimecode, StatsManager

    stats = StatsManager()
    detector.stats_manager = stats
    for number, frame in enumerate(frames):
        detector.process_frame(FrameTimecode(number, 25.0), frame[..., ::-1].copy())
    values = []
    for number in range(len(frames)):
        time = FrameTimecode(number, 25.0)
        values.append((stats.get_metrics(time, [metric])[0] if stats.metrics_exist(time, [metric]) else 0.0) or 0.0)
    return values


DETECTORS: dict[str, tuple[Callable[[Sequence[np.ndarray]], Scores], float]] = {
    'vsr_plugins': (ours, CUT),
    'PySceneDetect content': (content, 27.0),
    'PySceneDetect adaptive': (adaptive, 3.0),
    'FFmpeg scdet': (scdet, 10.0),
}


def f1(scores: Scores, cuts: set[int], threshold: float) -> tuple[float, int, int]:
    """F1, cuts found and false cuts."""
    found = {number for number, score in enumerate(scores) if score > threshold}
    hits = len(found & cuts)
    return 2 * hits / max(len(found) + len(cuts), 1), hits, len(found - cuts)


def main() -> None:
    """Print the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('clips', type=Path, nargs='+')
    parser.add_argument('--frames', type=int, default=8)
    parser.add_argument('--seed', type=int, default=0)
    args = parser.parse_args()
    clips = sorted(args.clips)
    random.Random(args.seed).shuffle(clips)
    frames, cuts = film_of(clips, args.frames)
    print(f'{len(clips)} clips, {len(frames)} frames, {len(cuts)} cuts')
    for title, film in (('as they are', frames), ('exposure swings', faded(frames))):
        for name, (detector, default) in DETECTORS.items():
            scores = detector(film)
            value, hits, false = f1(scores, cuts, default)
            best = max((f1(scores, cuts, threshold)[0], threshold) for threshold in sorted(set(scores)))
            print(
                f'{title:16} {name:24} default {default:g}: F1 {value:.3f}, {hits} of {len(cuts)} cuts, {false} false; '
                f'best F1 {best[0]:.3f} at {best[1]:.3g}'
            )


if __name__ == '__main__':
    main()
