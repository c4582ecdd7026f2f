"""Registry of the measures of frames and clips, with their printed digits."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from .functional import dists, lpips, niqe, psnr, ssim, tof
from .functional.clip_frames import ChannelOrder, check_clips
from .functional.warping_error import MIN_SIZE, clip_motion, pair_error

# In dB; see ``capped_psnr``.
MAX_PSNR = 100.0


@dataclass(frozen=True)
class Measure:
    """A measure of frames or pairs of frames.

    Attributes:
        digits: Decimals printed in tables, by name of the value.
        scope: Its input: a frame in the colours of the protocol, a frame in RGB, a pair of neighbouring frames, or a
            clip. Frames are rounded as the protocol sets; the border is cropped for the first two.
        function: Prediction, ground truth and order of the channels -> its values by name.
        note: One line printed with the numbers; '' for PSNR and SSIM.
    """

    digits: Mapping[str, int]
    scope: Literal['frame', 'rgb', 'pair', 'clip']
    function: Callable[..., dict[str, float]]
    note: str = ''


def capped_psnr(prediction: np.ndarray, target: np.ndarray) -> float:
    """PSNR of a frame for a mean: at most ``MAX_PSNR``, also for a frame equal to its ground truth.

    Otherwise one black frame makes the mean of a data set infinite. The limit is that of many evaluation scripts;
    frames of 8 bits with any visible error are far below it.
    """
    return min(psnr(prediction, target), MAX_PSNR)


def _warping_errors(
    prediction: Sequence[np.ndarray], target: Sequence[np.ndarray], channel_order: ChannelOrder
) -> dict[str, float]:
    """Warping errors of prediction and ground truth, with the ground truth's motion estimated once."""
    check_clips('Ewarp', prediction, target, MIN_SIZE)
    ((flow, visible),) = clip_motion(target, channel_order)
    ours, truth = (pair_error(before, after, flow, visible) for before, after in (prediction, target))
    return {'Ewarp': ours, 'Ewarp_GT': truth}


MEASURES = {
    'PSNR': Measure({'PSNR': 3}, 'frame', lambda prediction, target, order: {'PSNR': capped_psnr(prediction, target)}),
    'SSIM': Measure({'SSIM': 4}, 'frame', lambda prediction, target, order: {'SSIM': ssim(prediction, target)}),
    'LPIPS': Measure(
        {'LPIPS': 4},
        'rgb',
        lambda prediction, target, order: {'LPIPS': lpips(prediction, target, channel_order=order)},
        'LPIPS: version 0.1, AlexNet, on RGB; lower is better (Zhang et al., CVPR 2018).',
    ),
    'DISTS': Measure(
        {'DISTS': 4},
        'rgb',
        lambda prediction, target, order: {'DISTS': dists(prediction, target, channel_order=order)},
        'DISTS: VGG16, on RGB, not resized; lower is better (Ding et al., TPAMI 2020).',
    ),
    'NIQE': Measure(
        {'NIQE': 4, 'NIQE_GT': 4},
        'rgb',
        lambda prediction, target, order: {'NIQE': niqe(prediction, order), 'NIQE_GT': niqe(target, order)},
        'NIQE: on Y in blocks of 96 pixels, without ground truth; lower is more like pristine photographs, and '
        'NIQE_GT is that of the ground truth (Mittal et al., IEEE SPL 2013).',
    ),
    'VMAF': Measure(
        {'VMAF': 2},
        'clip',
        lambda prediction, target, order: {},
        "VMAF: libvmaf's default model for 1080p on 8-bit 4:2:0, complete frames; higher is better (Netflix).",
    ),
    'tOF': Measure(
        {'tOF': 4},
        'pair',
        lambda prediction, target, order: {'tOF': tof(prediction, target, order)},
        'tOF: difference of the optical flow from that of the ground truth in pixels, its own border cropped; lower is '
        'better (Chu et al., TecoGAN, ACM TOG 2020, who print ten times the value).',
    ),
    'Ewarp': Measure(
        {'Ewarp': 6, 'Ewarp_GT': 6},
        'pair',
        _warping_errors,
        'Ewarp: mean squared change of RGB in [0, 1] along the motion, complete frames; lower is less flicker, or more '
        'blur: read it beside Ewarp_GT, that of the ground truth (Lai et al., ECCV 2018; flow by OpenCV DIS, not '
        'FlowNet2).',
    ),
}
DEFAULT = ('PSNR', 'SSIM')
DIGITS = {value: digits for measure in MEASURES.values() for value, digits in measure.digits.items()}
# Values of pairs of frames, which belong to no single frame.
PAIR_VALUES = frozenset(value for measure in MEASURES.values() if measure.scope == 'pair' for value in measure.digits)


def find_measures(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names of ``MEASURES``, without duplicates, for names in any case.

    Raises:
        ValueError: If a measure does not exist.
    """
    known = {name.casefold(): name for name in MEASURES}
    names = list(names)
    if unknown := [name for name in names if name.casefold() not in known]:
        raise ValueError(f'unknown measure {", ".join(map(repr, unknown))}; choose from {", ".join(MEASURES)}')
    return tuple(dict.fromkeys(known[name.casefold()] for name in names))


def of_pairs(names: Iterable[str]) -> list[str]:
    """Select the measures that need neighbouring frames."""
    return [name for name in names if MEASURES[name].scope == 'pair']


def of_clips(names: Iterable[str]) -> list[str]:
    """Select the measures that need complete clips, which ``vsr score`` computes."""
    return [name for name in names if MEASURES[name].scope == 'clip']


def notes(values: Iterable[str]) -> list[str]:
    """Return the notes to print with a table of values of these names."""
    values = set(values)
    return [measure.note for measure in MEASURES.values() if measure.note and values & measure.digits.keys()]
