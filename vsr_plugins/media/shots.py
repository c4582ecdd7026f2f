"""How much moves in a clip, and how much its scene changes."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

WORKING_WIDTH = 256
CUT = 0.2
_BINS = (8, 16, 16)
# Below this many grey levels of mean or of standard deviation there is nothing worth amplifying.
_LEAST_LEVELS = 4


@dataclass(frozen=True)
class ClipMeasures:
    """What was measured of a clip.

    Attributes:
        frames: Its number of frames.
        mean_motion: Mean length of the optical flow between neighbouring frames, in percent of the frame's width.
        high_motion: The flow's length that a tenth of the pixels exceeds, averaged over the pairs, likewise.
        neighbour_change: Greatest ``scene_distance`` of neighbouring frames.
        total_change: ``scene_distance`` of the first and the last frame.
    """

    frames: int
    mean_motion: float
    high_motion: float
    neighbour_change: float
    total_change: float


def measure_clip(frames: Iterable[np.ndarray]) -> ClipMeasures:
    """Measure a clip; only two of its frames are held at a time.

    Frames are reduced to ``WORKING_WIDTH`` pixels of width, so that clips of all sizes are measured alike. The flow is
    OpenCV's DIS (Kroeger et al., ECCV 2016). Across a cut, where ``scene_distance`` exceeds ``CUT``, there is no motion
    to measure; such pairs are left out of both motions.

    Args:
        frames: (h, w, 3) uint8 RGB, all of one size.

    Raises:
        ValueError: If there is no frame.
    """
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    means, highs, changes = [], [], []
    first = before = None
    for frame in map(_reduced, frames):
        now = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), _histogram(frame)
        if before is None:
            first = before = now
            continue
        changes.append(_distance(before[1], now[1]))
        if changes[-1] <= CUT:
            lengths = np.linalg.norm(flow.calc(before[0], now[0], None), axis=2) * (100 / frame.shape[1])
            means.append(lengths.mean())
            highs.append(np.percentile(lengths, 90))
        before = now
    if first is None:
        raise ValueError('a clip needs at least one frame to be measured, but got none')
    return ClipMeasures(
        frames=len(changes) + 1,
        mean_motion=float(np.mean(means)) if means else 0.0,
        high_motion=float(np.mean(highs)) if highs else 0.0,
        neighbour_change=max(changes, default=0.0),
        total_change=_distance(first[1], before[1]),
    )


def scene_distance(first: np.ndarray, second: np.ndarray) -> float:
    """How differently two frames are coloured, from 0 (alike) to 1 (no colour in common).

    Half the sum of absolute differences of their joint histograms of luminance and chrominance, 8 x 16 x 16 bins.
    Colours are first brought to one brightness, and luminance to one contrast, so that a change of exposure or a fade
    is no change of scene; neither is motion, which leaves the colours of a scene much as they are.

    Args:
        first: (h, w, 3) uint8 RGB.
        second: The same, of any size.
    """
    return _distance(_histogram(_reduced(first)), _histogram(_reduced(second)))


class CutDetector:
    """Finds the frames of a video that begin a scene, one frame after the other.

    Kept beside PySceneDetect and FFmpeg's scdet because it loses fewest cuts at its default threshold, also where the
    exposure changes, and needs no frame beyond the present one: ``benchmarks/shot_detection.py``.
    """

    def __init__(self) -> None:
        self._before: np.ndarray | None = None

    def __call__(self, frame: np.ndarray) -> bool:
        """Whether ``frame``, (h, w, 3) uint8 RGB, lies behind a cut; the first of all does not."""
        before, self._before = self._before, _histogram(_reduced(frame))
        return before is not None and _distance(before, self._before) > CUT


def _reduced(frame: np.ndarray) -> np.ndarray:
    h, w = frame.shape[:2]
    height = max(round(h * WORKING_WIDTH / w), 12)  # DIS needs a few rows
    # Enlarging by areas would make blocks, whose borders are edges that no scene has.
    interpolation = cv2.INTER_AREA if w > WORKING_WIDTH else cv2.INTER_LINEAR
    return cv2.resize(frame, (WORKING_WIDTH, height), interpolation=interpolation)


def _histogram(frame: np.ndarray) -> np.ndarray:
    brightness = max(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).mean(), _LEAST_LEVELS)
    # In floating point OpenCV centres chrominance at a half and spans little more than 0 to 1.
    colours = cv2.cvtColor(frame.astype(np.float32) * np.float32(0.4 / brightness), cv2.COLOR_RGB2YCrCb)
    luminance = colours[..., 0]
    contrast = max(luminance.std(), 0.4 * _LEAST_LEVELS / brightness)
    # Two and a half standard deviations on either side fill the range.
    colours[..., 0] = (luminance - luminance.mean()) / contrast * 0.2 + 0.5
    colours = colours.clip(0, 1 - 1e-6)
    histogram = cv2.calcHist([colours], [0, 1, 2], None, list(_BINS), [0, 1] * 3)
    return histogram / histogram.sum()


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    return 0.5 * float(np.abs(first - second).sum())
