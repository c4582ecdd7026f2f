"""tOF: difference between the optical flow of a restored clip and that of its ground truth."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

import cv2
import numpy as np

from .clip_frames import ChannelOrder, check_clips, to_grey

# Arguments: pyramid scale, levels, window, iterations, neighbourhood and sigma of the polynomials, flags.
FARNEBACK = (0.5, 3, 15, 3, 5, 1.2, 0)
MULTIPLE, MARGIN = 32, 16
MIN_SIZE = MULTIPLE + MARGIN


def tof(prediction: Sequence[np.ndarray], target: Sequence[np.ndarray], channel_order: ChannelOrder = 'rgb') -> float:
    """Temporal optical flow error, tOF, in pixels; lower is better, 0 for equal motion.

    Source: Chu et al., "Learning temporal coherence via self-supervision for GAN-based video generation" (TecoGAN),
    ACM TOG 2020, section 5, and the authors' ``metrics.py``: Farneback's flow between neighbouring 8-bit grey frames of
    the prediction and of the ground truth; the L2 norm of their difference, averaged over the pixels. Flow is estimated
    on complete frames. Then a border is cropped: the rest is centred, its sides are the largest multiples of 32 at
    least 16 pixels below those of the frame. The authors exclude the first two and last two frames of a clip, which is
    a setting of the protocol here, and print ten times the value.

    Args:
        prediction: Two or more neighbouring frames, (h, w, 3), values in [0, 255], any dtype.
        target: The same number of frames.
        channel_order: Order of the last axis of both.

    Returns:
        Mean over the pairs of neighbouring frames.

    Raises:
        ValueError: If the clips do not match, are shorter than two frames or smaller than 48 x 48 pixels.
    """
    check_clips('tOF', prediction, target, MIN_SIZE)
    flows = [_flows(clip, channel_order) for clip in (prediction, target)]
    return fmean(float(np.linalg.norm(a - b, axis=-1).mean(dtype=np.float64)) for a, b in zip(*flows, strict=True))


def _flows(clip: Sequence[np.ndarray], channel_order: ChannelOrder) -> list[np.ndarray]:
    """Flow from each frame to the next, (h', w', 2) inside the border."""
    grey = [to_grey(frame, channel_order) for frame in clip]
    return [_inside(_farneback(before, after)) for before, after in pairwise(grey)]


def _farneback(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    # OpenCV's types lack None, no initial flow.
    return cv2.calcOpticalFlowFarneback(before, after, None, *FARNEBACK)  # pyright: ignore[reportArgumentType, reportCallIssue]


def _inside(image: np.ndarray) -> np.ndarray:
    """Crop the border of an image."""
    sizes = [(side - MARGIN) // MULTIPLE * MULTIPLE for side in image.shape[:2]]
    top, left = ((side - size) // 2 for side, size in zip(image.shape[:2], sizes, strict=True))
    return image[top : top + sizes[0], left : left + sizes[1]]
