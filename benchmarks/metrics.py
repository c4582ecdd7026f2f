"""PSNR and SSIM on Y of one Vid4-sized frame: upstream's functions and this package's, in turn, in one run.

python benchmarks/metrics.py [--repeats 15]
"""

import argparse
import statistics
import time
import warnings
from collections.abc import Callable

import cv2
import numpy as np

warnings.simplefilter('ignore')

from mmagic.evaluation.metrics.psnr import psnr as upstream_psnr  # noqa: E402
from mmagic.evaluation.metrics.ssim import ssim as upstream_ssim  # noqa: E402

from vsr_plugins.evaluation.protocols import PROTOCOLS  # noqa: E402
from vsr_plugins.evaluation.scores import score_frame  # noqa: E402


def frames() -> tuple[np.ndarray, np.ndarray]:
    """A smooth random frame of 576 x 720 and a noisy one, float32 BGR in [0, 255]."""
    rng = np.random.default_rng(0)
    target = cv2.GaussianBlur(rng.random((576, 720, 3)), (0, 0), 3)
    target = np.round(255 * (target - target.min()) / np.ptp(target)).astype(np.float32)
    return np.clip(target + rng.normal(0, 4, target.shape), 0, 255).round().astype(np.float32), target


def main() -> None:
    """Time both and print the medians, their ratio and the differences of their values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--repeats', type=int, default=15)
    repeats = parser.parse_args().repeats
    prediction, target = frames()
    options = dict(convert_to='Y', channel_order='bgr')

    def upstream() -> tuple[float, float]:
        return upstream_psnr(prediction, target, **options), upstream_ssim(prediction, target, **options)

    def ours() -> tuple[float, float]:
        return tuple(score_frame(prediction, target, PROTOCOLS['basicvsr'], channel_order='bgr').values())

    seconds: dict[Callable, list[float]] = {upstream: [], ours: []}
    for repeat in range(repeats + 1):
        for function, times in seconds.items():
            start = time.perf_counter()
            function()
            if repeat:
                times.append(time.perf_counter() - start)
    medians = {function.__name__: 1e3 * statistics.median(times) for function, times in seconds.items()}
    (psnr_a, ssim_a), (psnr_b, ssim_b) = upstream(), ours()
    print('PSNR + SSIM on Y of a 576 x 720 frame, median of', repeats)
    print(f'upstream {medians["upstream"]:7.1f} ms\nours     {medians["ours"]:7.1f} ms')
    print(f'ratio    {medians["upstream"] / medians["ours"]:7.2f}')
    print(f'difference: PSNR {abs(psnr_a - psnr_b):.1e} dB, SSIM {abs(ssim_a - ssim_b):.1e}')


if __name__ == '__main__':
    main()
