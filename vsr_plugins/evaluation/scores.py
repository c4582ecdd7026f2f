"""Compute and average the scores of frames under one protocol, for metrics, folders and the demonstration."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Any

import numpy as np

from .functional import luma
from .functional.clip_frames import ChannelOrder
from .measures import DEFAULT, MEASURES, PAIR_VALUES
from .protocols import Protocol

# Reports of more clips print the mean only: nobody reads a longer table.
MAX_CLIPS = 40


@dataclass(frozen=True, kw_only=True)
class Scores:
    """Scores of a method on a data set.

    Attributes:
        protocol: Protocol of the measurement.
        clips: Clip -> metric -> mean over its measured frames, or pairs of them.
        mean: Metric -> mean, over clips or frames as the protocol sets.
        frames: Clip -> number of measured frames.
        groups: For space-time networks: ``'input frames'`` and ``'interpolated frames'`` -> metric -> mean, over clips
            or frames as the protocol sets. Values of pairs of frames are in neither.
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
        protocol: Sets rounding, border and colour.
        metrics: Names of ``MEASURES``; ``score_pair`` measures those of pairs.
        channel_order: Order of the last axis of both.

    Returns:
        Metric -> value.

    Raises:
        FileNotFoundError: If weights of a metric do not exist.
        ValueError: If the frames differ in shape or are too small for border and metric.
    """
    if prediction.shape != target.shape:
        raise ValueError(f'prediction and ground truth differ in shape: {prediction.shape} and {target.shape}')
    prediction = _rounded(prediction, protocol)
    border = protocol.crop_border
    if border:
        prediction, target = (image[border:-border, border:-border] for image in (prediction, target))
    if prediction.size == 0:
        raise ValueError(f'cropping a border of {border} pixels leaves no pixel of the frame')
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
    """Measure a pair of neighbouring frames; the values are stored with those of the second frame.

    Args:
        prediction: Two frames (h, w, 3), values in [0, 255], any dtype.
        target: Two frames, as ``prediction``.
        protocol: Sets rounding.
        metrics: Names of ``MEASURES``; ``score_frame`` measures those of single frames.
        channel_order: Order of the last axis of all.

    Returns:
        Metric -> value; empty if no metric is one of pairs.

    Raises:
        ValueError: If the frames differ in shape or are too small for a metric.
    """
    return _values('pair', metrics, [_rounded(frame, protocol) for frame in prediction], target, channel_order)


def score_clip(
    prediction: Sequence[np.ndarray], target: Sequence[np.ndarray], protocol: Protocol, clip: str = 'clip'
) -> list[dict[str, float]]:
    """Measure every frame of a clip; ``summarise`` selects the frames of the protocol.

    Args:
        prediction: Frames, (h, w, 3) RGB in [0, 255].
        target: The same number of frames.
        protocol: Protocol to measure under.
        clip: Name of the clip, for messages.

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
    """Select the frames of the protocol and average their values.

    A frame equal to its ground truth counts ``MAX_PSNR``; no frame is excluded.

    Args:
        frames: Clip -> metric -> value of each frame, from the first to the last.
        protocol: Selects the frames and sets the average.
        selected: The frames are already those of the protocol.
        given: Clip -> indices in ``frames`` of the input frames of a space-time network; for clips that are not in it,
            those of the protocol.

    Raises:
        ValueError: If there is no clip, or a clip is too short for the protocol.
    """
    if not frames:
        raise ValueError('scores has no clip to average')
    measured: dict[str, list[tuple[int, Mapping[str, float]]]] = {}
    for clip, values in frames.items():
        try:
            indices = range(len(values)) if selected else protocol.select(len(values))
        except ValueError as error:
            raise ValueError(f'{clip}: {error}') from error
        # The frame before the first measured one is not measured, so drop the values of their pair.
        first, *others = indices
        measured[clip] = [(first, _of_frames(values[first])), *((index, values[index]) for index in others)]
    clips = {clip: [frame for _, frame in values] for clip, values in measured.items()}
    groups = {}
    if protocol.space_time:
        known = {clip: protocol.given(len(values)) for clip, values in frames.items()} | dict(given or {})
        for is_given, name in ((True, 'input frames'), (False, 'interpolated frames')):
            of_clips = [
                [_of_frames(frame) for index, frame in values if (index in known[clip]) == is_given]
                for clip, values in measured.items()
            ]
            group = [values for values in of_clips if values]
            if group:
                groups[name] = _average(group, protocol)
    return Scores(
        protocol=protocol,
        clips={clip: _mean(values) for clip, values in clips.items()},
        mean=_average(list(clips.values()), protocol),
        frames={clip: len(values) for clip, values in clips.items()},
        groups=groups,
    )


def merge_scores(scores: Sequence[Scores]) -> Scores:
    """Merge several scores of the same frames under one protocol.

    Args:
        scores: At least one; the last one with a metric wins.
    """
    first = scores[0]
    assert all(one.protocol == first.protocol and one.frames == first.frames for one in scores)
    return replace(
        first,
        clips={clip: _merged(one.clips.get(clip, {}) for one in scores) for clip in first.clips},
        mean=_merged(one.mean for one in scores),
        groups={group: _merged(one.groups.get(group, {}) for one in scores) for group in first.groups},
    )


def _merged(values: Iterable[Mapping[str, float]]) -> dict[str, float]:
    return {name: number for of_one in values for name, number in of_one.items()}


def _rounded(frame: np.ndarray, protocol: Protocol) -> np.ndarray:
    return frame.round() if protocol.round_output and not np.issubdtype(frame.dtype, np.integer) else frame


def _values(
    scope: str, metrics: Sequence[str], prediction: Any, target: Any, channel_order: ChannelOrder
) -> dict[str, float]:
    """Compute the metrics of one scope."""
    values: dict[str, float] = {}
    for name in metrics:
        if MEASURES[name].scope == scope:
            values |= MEASURES[name].function(prediction, target, channel_order)
    return values


def _of_frames(values: Mapping[str, float]) -> dict[str, float]:
    """Drop values of pairs of frames."""
    return {name: value for name, value in values.items() if name not in PAIR_VALUES}


def _average(clips: Sequence[Sequence[Mapping[str, float]]], protocol: Protocol) -> dict[str, float]:
    """Average the values of each metric over clips or frames, as the protocol sets."""
    if protocol.average == 'frame':
        return _mean(frame for values in clips for frame in values)
    return _mean(map(_mean, clips))


def _mean(values: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Average each metric over the frames that have it: the first frame of a clip has no values of pairs."""
    columns: dict[str, list[float]] = {}
    for value in values:
        for name, number in value.items():
            columns.setdefault(name, []).append(number)
    return {name: fmean(column) for name, column in columns.items()}
