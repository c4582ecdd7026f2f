"""Measure the motion and the scene changes of a clip."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

WORKING_WIDTH = 256
CUT = 0.2
_BINS = (8, 16, 16)
# Minimum mean and standard deviation in grey levels for normalisation: below it, only noise would be amplified.
_MIN_LEVELS = 4


@dataclass(frozen=True)
class ClipMeasures:
    """Measured motion and changes of a clip.

    Attributes:
        frames: Number of frames.
        mean_motion: Mean length of the optical flow between neighbouring frames, in percent of the frame's width.
        high_motion: 90th percentile of the flow's length, averaged over the pairs, in percent of the frame's width.
        neighbour_change: Maximum ``scene_distance`` of neighbouring frames.
        total_change: ``scene_distance`` of the first and the last frame.
    """

    frames: int
    mean_motion: float
    high_motion: float
    neighbour_change: float
    total_change: float


def measure_clip(frames: Iterable[np.ndarray]) -> ClipMeasures:
    """Measure a clip; at most two of its frames are in memory at a time.

    Frames are resized to a width of ``WORKING_WIDTH`` pixels, so that the measures of clips of all sizes compare. The
    flow is OpenCV's DIS (Kroeger et al., ECCV 2016). Pairs across a cut, where ``scene_distance`` exceeds ``CUT``, have
    no motion to measure and are excluded from both motions.

    Args:
        frames: (h, w, 3) uint8 RGB, all of one size.

    Raises:
        ValueError: If there is no frame.
    """
    flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    means, highs, changes = [], [], []
    first = before = None
    for frame in map(_reduced, frames):
        now = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), _histogram(frame)
        if before is None:
            first = before = now
            continue
        changes.append(_distance(before[1], now[1]))
        if changes[-1] <= CUT:
            # OpenCV's stub omits that the flow may be None.
            vectors = flow.calc(before[0], now[0], None)  # pyright: ignore[reportArgumentType, reportCallIssue]
            lengths = np.linalg.norm(vectors, axis=2) * (100 / frame.shape[1])
            means.append(lengths.mean())
            highs.append(np.percentile(lengths, 90))
        before = now
    if first is None or before is None:
        raise ValueError('a clip needs at least one frame to be measured, but got none')
    return ClipMeasures(
        frames=len(changes) + 1,
        mean_motion=float(np.mean(means)) if means else 0.0,
        high_motion=float(np.mean(highs)) if highs else 0.0,
        neighbour_change=max(changes, default=0.0),
        total_change=_distance(first[1], before[1]),
    )


def scene_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Distance between the colour distributions of two frames, from 0 (equal) to 1 (no colour in common).

    Half the sum of absolute differences of their joint histograms of luminance and chrominance, 8 x 16 x 16 bins.
    Brightness and the contrast of luminance are normalised first, so that a change of exposure or a fade does not count
    as a change of scene; motion hardly changes the colours of a scene and does not count either.

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
        """Whether ``frame``, (h, w, 3) uint8 RGB, is the first after a cut; False for the first of all."""
        before, self._before = self._before, _histogram(_reduced(frame))
        return before is not None and _distance(before, self._before) > CUT


def _reduced(frame: np.ndarray) -> np.ndarray:
    h, w = frame.shape[:2]
    # DIS needs a few rows, and a narrow frame would become larger than it is.
    height = min(max(round(h * WORKING_WIDTH / w), 12), max(h, WORKING_WIDTH))
    # Upsampling by INTER_AREA would create blocks with artificial edges.
    interpolation = cv2.INTER_AREA if w > WORKING_WIDTH else cv2.INTER_LINEAR
    return cv2.resize(frame, (WORKING_WIDTH, height), interpolation=interpolation)


def _histogram(frame: np.ndarray) -> np.ndarray:
    brightness = max(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).mean(), _MIN_LEVELS)
    # In floating point OpenCV centres chrominance at 0.5 with a range of little more than 0 to 1.
    colours = cv2.cvtColor(frame.astype(np.float32) * np.float32(0.4 / brightness), cv2.COLOR_RGB2YCrCb)
    luminance = colours[..., 0]
    contrast = max(luminance.std(), 0.4 * _MIN_LEVELS / brightness)
    # 2.5 standard deviations on either side fill the range.
    colours[..., 0] = (luminance - luminance.mean()) / contrast * 0.2 + 0.5
    colours = colours.clip(0, 1 - 1e-6)
    histogram = cv2.calcHist([colours], [0, 1, 2], None, list(_BINS), [0, 1] * 3)
    return histogram / histogram.sum()


def _distance(first: np.ndarray, second: np.ndarray) -> float:
    return 0.5 * float(np.abs(first - second).sum())
