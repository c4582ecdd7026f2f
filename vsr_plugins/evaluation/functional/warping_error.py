"""Warping error, a measure of flicker: change from frame to frame along the motion."""

from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean

import cv2
import numpy as np
from numpy.typing import NDArray

from .clip_frames import ChannelOrder, check_clips, to_grey

# Minimum size for OpenCV's DIS.
MIN_SIZE = 12


def warping_error(
    prediction: Sequence[np.ndarray], target: Sequence[np.ndarray], channel_order: ChannelOrder = 'rgb'
) -> float:
    """Warping error, E_warp: mean squared change along the motion, of values in [0, 1]; lower is better.

    Source: Lai et al., "Learning blind video temporal consistency", ECCV 2018, section 4.3, and the authors'
    ``evaluate_WarpError.py``: each frame is compared with the next one warped onto it, where the pixel is visible in
    both (see ``visible_pixels``); the mean is taken over visible pixels and channels. A pair without a visible pixel
    counts 0.

    Our choice: the authors compute the flow of the input video by FlowNet2; this function computes the flow of the
    ground truth by OpenCV's DIS (preset medium), which needs no weights. Values compare with each other, not with those
    of the paper. Blur also lowers the error, so compare it with that of the ground truth,
    ``warping_error(target, target)``: a network with a lower error smooths, one with a higher error flickers.

    Args:
        prediction: Two or more neighbouring frames, (h, w, 3), values in [0, 255], any dtype.
        target: The same number of frames; the motion is estimated on them.
        channel_order: Order of the last axis of both.

    Returns:
        Mean over the pairs of neighbouring frames.

    Raises:
        ValueError: If the clips do not match, are shorter than two frames or smaller than 12 x 12 pixels.
    """
    check_clips('the warping error', prediction, target, MIN_SIZE)
    motions = clip_motion(target, channel_order)
    return fmean(pair_error(*pair, *motion) for pair, motion in zip(pairwise(prediction), motions, strict=True))


def clip_motion(clip: Sequence[np.ndarray], channel_order: ChannelOrder) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return for each frame but the last the flow to the next one and a mask of pixels visible in both."""
    # OpenCV's types lack this function.
    estimator = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)  # pyright: ignore[reportAttributeAccessIssue]
    grey = [to_grey(frame, channel_order) for frame in clip]
    motions = []
    for before, after in pairwise(grey):
        forward, backward = estimator.calc(before, after, None), estimator.calc(after, before, None)
        motions.append((forward, visible_pixels(forward, backward)))
    return motions


def visible_pixels(forward: np.ndarray, backward: np.ndarray) -> np.ndarray:
    """Mask the pixels of a frame that are visible in the next frame and not at a motion boundary.

    Source: Ruder et al., "Artistic style transfer for videos", GCPR 2016, section 5.1, equations 5 and 6, with the
    roles of the frames swapped as in Lai et al. Gradients are differences to the next pixel.

    Convention:
        Flow is (h, w, 2), dx first, in pixels; ``frame(p) ~ next(p + forward(p))``, and vice versa with ``backward``.

    Args:
        forward: Flow from the frame to the next.
        backward: Flow from the next frame to this one.

    Returns:
        (h, w), bool.
    """
    returned = warp(backward, forward)
    size = _squared(forward)
    disagree = _squared(forward + returned) > 0.01 * (size + _squared(returned)) + 0.5
    gradient = np.zeros_like(size)
    gradient[:, :-1] += _squared(np.diff(forward, axis=1))
    gradient[:-1] += _squared(np.diff(forward, axis=0))
    return ~(disagree | (gradient > 0.01 * size + 0.002))


def pair_error(before: np.ndarray, after: np.ndarray, flow: np.ndarray, visible: np.ndarray) -> float:
    """Warping error of two frames along a known motion.

    Args:
        before: (h, w, 3), values in [0, 255].
        after: As ``before``.
        flow: (h, w, 2), pixels, dx first, from ``before`` to ``after``.
        visible: (h, w), True where a pixel of ``before`` is visible in ``after``.

    Returns:
        Mean squared change of the visible pixels, values in [0, 1]; 0 if none is visible.
    """
    change = (warp(after.astype(np.float32), flow) - before.astype(np.float32))[visible] / 255
    return float(np.square(change, dtype=np.float64).mean()) if change.size else 0.0


def warp(image: np.ndarray, flow: NDArray[np.float32]) -> np.ndarray:
    """``output(p) = image(p + flow(p))``, bilinear; outside, the border pixels repeat. Both float32."""
    h, w = flow.shape[:2]
    x, y = np.meshgrid(np.arange(w, dtype=np.float32), np.arange(h, dtype=np.float32))
    return cv2.remap(image, x + flow[..., 0], y + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _squared(vectors: np.ndarray) -> np.ndarray:
    return np.square(vectors).sum(axis=-1)
