"""From frames to the numbers of a table, under one protocol: what metrics, folders and the demonstration share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

import numpy as np

from .functional import luma, psnr, ssim
from .protocols import Protocol

METRICS = {'PSNR': psnr, 'SSIM': ssim}
# A table of more clips than that is no longer read: reports then give their mean alone.
MOST_CLIPS = 40


@dataclass(frozen=True)
class Scores:
    """What a method reached on a data set.

    Attributes:
        protocol: How it was measured.
        clips: Clip -> metric -> mean over its measured frames.
        mean: Metric -> mean, over clips or frames as the protocol says.
        frames: Clip -> number of measured frames.
        groups: For space-time networks: ``'input frames'`` and ``'interpolated frames'`` -> metric -> mean, over clips
            or frames as the protocol says.
    """

    protocol: Protocol
    clips: dict[str, dict[str, float]]
    mean: dict[str, float]
    frames: dict[str, int]
    groups: dict[str, dict[str, float]]


def score_frame(
    prediction: np.ndarray,
    target: np.ndarray,
    protocol: Protocol,
    metrics: Sequence[str] = tuple(METRICS),
    channel_order: Literal['rgb', 'bgr'] = 'rgb',
) -> dict[str, float]:
    """Measure one frame.

    Args:
        prediction: (h, w, 3), values in [0, 255], any dtype.
        target: As ``prediction``.
        protocol: Rounding, border and colour are taken from it.
        metrics: Names of ``METRICS``.
        channel_order: Order of the last axis of both.

    Returns:
        Metric -> value.

    Raises:
        ValueError: If the frames differ in shape or are too small for border and metric.
    """
    if prediction.shape != target.shape:
        raise ValueError(f'prediction and ground truth differ in shape: {prediction.shape} and {target.shape}')
    if protocol.round_output and not np.issubdtype(prediction.dtype, np.integer):
        prediction = prediction.round()
    border = protocol.crop_border
    if border:
        prediction, target = (image[border:-border, border:-border] for image in (prediction, target))
    if prediction.size == 0:
        raise ValueError(f'nothing is left of a frame whose border of {border} pixels is cropped')
    if protocol.color == 'Y':
        prediction, target = (luma(image, channel_order) for image in (prediction, target))
    return {name: METRICS[name](prediction, target) for name in metrics}


def score_clip(
    prediction: Sequence[np.ndarray], target: Sequence[np.ndarray], protocol: Protocol, clip: str = 'clip'
) -> list[dict[str, float]]:
    """Measure every frame of a clip; ``summarise`` picks those that count.

    Args:
        prediction: Frames, (h, w, 3) RGB in [0, 255].
        target: As many.
        protocol: How to measure.
        clip: Its name, for messages.

    Raises:
        ValueError: If the numbers of frames or their sizes differ.
    """
    if len(prediction) != len(target):
        raise ValueError(f'{clip}: {len(prediction)} predicted frames, but {len(target)} of ground truth')
    try:
        return [score_frame(*frames, protocol) for frames in zip(prediction, target, strict=True)]
    except ValueError as error:
        raise ValueError(f'{clip}: {error}') from error


def summarise(
    frames: Mapping[str, Sequence[Mapping[str, float]]],
    protocol: Protocol,
    selected: bool = False,
    given: Mapping[str, Collection[int]] | None = None,
) -> Scores:
    """Choose the frames that count and average them.

    A frame equal to its ground truth has infinite PSNR, and so have the means it enters; nothing is left out silently.

    Args:
        frames: Clip -> metric -> value of each frame, from the first to the last.
        protocol: Which frames count and how to average.
        selected: The frames are the ones that count already.
        given: Clip -> which of its ``frames`` a space-time network was given; of clips that are not named what the
            protocol says.

    Raises:
        ValueError: If there is no clip, or one too short for the protocol.
    """
    if not frames:
        raise ValueError('there is no clip to average over')
    chosen: dict[str, list[tuple[int, Mapping[str, float]]]] = {}
    for clip, values in frames.items():
        try:
            indices = range(len(values)) if selected else protocol.select(len(values))
        except ValueError as error:
            raise ValueError(f'{clip}: {error}') from error
        chosen[clip] = [(index, values[index]) for index in indices]
    clips = {clip: [frame for _, frame in values] for clip, values in chosen.items()}
    groups = {}
    if protocol.space_time:
        known = {clip: protocol.given(len(values)) for clip, values in frames.items()} | dict(given or {})
        for is_given, name in ((True, 'input frames'), (False, 'interpolated frames')):
            of_clips = [
                [frame for index, frame in values if (index in known[clip]) == is_given]
                for clip, values in chosen.items()
            ]
            group = [values for values in of_clips if values]
            if group:
                groups[name] = _average(group, protocol)
    return Scores(
        protocol,
        {clip: _mean(values) for clip, values in clips.items()},
        _average(list(clips.values()), protocol),
        {clip: len(values) for clip, values in clips.items()},
        groups,
    )


def _average(clips: Sequence[Sequence[Mapping[str, float]]], protocol: Protocol) -> dict[str, float]:
    """Of the frames of each clip, over clips or frames."""
    if protocol.average == 'frame':
        return _mean(frame for values in clips for frame in values)
    return _mean(map(_mean, clips))


def _mean(values: Iterable[Mapping[str, float]]) -> dict[str, float]:
    values = list(values)
    return {name: fmean(value[name] for value in values) for name in values[0]}
