"""From frames to the numbers of a table, under one protocol: what metrics, folders and the demonstration share."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from .functional import luma
from .functional.clip_frames import ChannelOrder
from .measures import DEFAULT, MEASURES, PAIR_VALUES
from .protocols import Protocol

# A table of more clips than that is no longer read: reports then give their mean alone.
MAX_CLIPS = 40


@dataclass(frozen=True)
class Scores:
    """What a method reached on a data set.

    Attributes:
        protocol: How it was measured.
        clips: Clip -> metric -> mean over its measured frames, or pairs of them.
        mean: Metric -> mean, over clips or frames as the protocol says.
        frames: Clip -> number of measured frames.
        groups: For space-time networks: ``'input frames'`` and ``'interpolated frames'`` -> metric -> mean, over clips
            or frames as the protocol says. What is measured between frames is in neither.
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
    metrics: Sequence[str] = DEFAULT,
    channel_order: ChannelOrder = 'rgb',
) -> dict[str, float]:
    """Measure one frame.

    Args:
        prediction: (h, w, 3), values in [0, 255], any dtype.
        target: As ``prediction``.
        protocol: Rounding, border and colour are taken from it.
        metrics: Names of ``MEASURES``; those of pairs are for ``score_pair``.
        channel_order: Order of the last axis of both.

    Returns:
        Metric -> value.

    Raises:
        FileNotFoundError: If a metric needs weights that are not there.
        ValueError: If the frames differ in shape or are too small for border and metric.
    """
    if prediction.shape != target.shape:
        raise ValueError(f'prediction and ground truth differ in shape: {prediction.shape} and {target.shape}')
    prediction = _rounded(prediction, protocol)
    border = protocol.crop_border
    if border:
        prediction, target = (image[border:-border, border:-border] for image in (prediction, target))
    if prediction.size == 0:
        raise ValueError(f'nothing is left of a frame whose border of {border} pixels is cropped')
    in_rgb = _values('rgb', metrics, prediction, target, channel_order)
    if protocol.color == 'Y':
        prediction, target = (luma(image, channel_order) for image in (prediction, target))
    return {**_values('frame', metrics, prediction, target, channel_order), **in_rgb}


def score_pair(
    prediction: Sequence[np.ndarray],
    target: Sequence[np.ndarray],
    protocol: Protocol,
    metrics: Sequence[str],
    channel_order: ChannelOrder = 'rgb',
) -> dict[str, float]:
    """Measure what lies between two neighbouring frames; the values go with those of the second.

    Args:
        prediction: Two frames (h, w, 3), values in [0, 255], any dtype.
        target: As many.
        protocol: Rounding is taken from it.
        metrics: Names of ``MEASURES``; those of single frames are for ``score_frame``.
        channel_order: Order of the last axis of all.

    Returns:
        Metric -> value; nothing where no metric is one of pairs.

    Raises:
        ValueError: If the frames differ in shape or are too small for a metric.
    """
    return _values('pair', metrics, [_rounded(frame, protocol) for frame in prediction], target, channel_order)


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
        # The frame before the first that counts does not count, so neither does what lies between them.
        first, *others = indices
        chosen[clip] = [(first, _of_frames(values[first])), *((index, values[index]) for index in others)]
    clips = {clip: [frame for _, frame in values] for clip, values in chosen.items()}
    groups = {}
    if protocol.space_time:
        known = {clip: protocol.given(len(values)) for clip, values in frames.items()} | dict(given or {})
        for is_given, name in ((True, 'input frames'), (False, 'interpolated frames')):
            of_clips = [
                [_of_frames(frame) for index, frame in values if (index in known[clip]) == is_given]
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


def merge_scores(scores: Sequence[Scores]) -> Scores:
    """Several measures of the same frames under one protocol as one.

    Args:
        scores: At least one; of a metric that several have the last value counts.
    """
    first = scores[0]
    assert all(one.protocol == first.protocol and one.frames == first.frames for one in scores)
    return replace(
        first,
        clips={clip: _joined(one.clips.get(clip, {}) for one in scores) for clip in first.clips},
        mean=_joined(one.mean for one in scores),
        groups={group: _joined(one.groups.get(group, {}) for one in scores) for group in first.groups},
    )


def _joined(values: Iterable[Mapping[str, float]]) -> dict[str, float]:
    return {name: number for of_one in values for name, number in of_one.items()}


def _rounded(frame: np.ndarray, protocol: Protocol) -> np.ndarray:
    return frame.round() if protocol.round_output and not np.issubdtype(frame.dtype, np.integer) else frame


def _values(
    scope: str, metrics: Sequence[str], prediction: Any, target: Any, channel_order: ChannelOrder
) -> dict[str, float]:
    """Of the metrics of one scope."""
    values: dict[str, float] = {}
    for name in metrics:
        if MEASURES[name].scope == scope:
            values |= MEASURES[name].function(prediction, target, channel_order)
    return values


def _of_frames(values: Mapping[str, float]) -> dict[str, float]:
    """Without what was measured between a frame and the one before."""
    return {name: value for name, value in values.items() if name not in PAIR_VALUES}


def _average(clips: Sequence[Sequence[Mapping[str, float]]], protocol: Protocol) -> dict[str, float]:
    """Of the frames of each clip, over clips or frames."""
    if protocol.average == 'frame':
        return _mean(frame for values in clips for frame in values)
    return _mean(map(_mean, clips))


def _mean(values: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Of each metric over those that have it: the first frame of a clip has none of pairs."""
    columns: dict[str, list[float]] = {}
    for value in values:
        for name, number in value.items():
            columns.setdefault(name, []).append(number)
    return {name: fmean(column) for name, column in columns.items()}
