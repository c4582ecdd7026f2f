"""Time of BIx4 and BDx4 of one Vid4-sized frame beside the other implementations in this environment.

Run by hand: ``python benchmarks/degradation.py``. The largest difference to ours is printed with each; the second
column of a row is how many times as long it takes.
"""

import time
from collections.abc import Callable

import cv2
import numpy as np
import resize_right
from mmagic.datasets.transforms import MATLABLikeResize

from vsr_plugins.degradation import BD_CONVENTIONS, bicubic_downsample, bicubic_upsample, blur_downsample


def milliseconds(function: Callable[[], np.ndarray], repeats: int = 15) -> float:
    """The fastest of some calls, after one that fills the caches."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times) * 1e3


def compare(title: str, ours: Callable[[], np.ndarray], others: dict[str, Callable[[], np.ndarray]]) -> None:
    """Print a row for ours and one for each of the others."""
    base, result = milliseconds(ours), ours()
    print(f'{title}\n  ours          {base:7.1f} ms')
    for name, function in others.items():
        spent, difference = milliseconds(function), np.abs(function() - result).max()
        print(f'  {name:13} {spent:7.1f} ms  {spent / base:5.1f} x  largest difference {difference:.1e}')


def main() -> None:
    """Print the table."""
    cv2.setNumThreads(1)
    high = np.random.default_rng(0).random((576, 720, 3))
    low = bicubic_downsample(high)
    kwargs = dict(interp_method=resize_right.interp_methods.cubic, pad_mode='symmetric')
    for title, function, image, scale in (
        ('bicubic 576x720 -> 144x180', bicubic_downsample, high, 1 / 4),
        ('bicubic 144x180 -> 576x720', bicubic_upsample, low, 4),
    ):
        upstream = MATLABLikeResize(keys=['image'], scale=scale)
        compare(
            title,
            lambda function=function, image=image: function(image),
            {
                'mmagic': lambda image=image, upstream=upstream: upstream({'image': image})['image'],
                'resize_right': lambda image=image, scale=scale: resize_right.resize(
                    image, scale_factors=(scale, scale), **kwargs
                ),
            },
        )
    offsets = np.arange(12) - 5.5
    taps = np.exp(-0.5 * (offsets / 1.6) ** 2)
    kernel = np.outer(taps, taps) / taps.sum() ** 2
    compare(
        'blur 576x720 -> 144x180 (12 taps, middle of the block)',
        lambda: blur_downsample(high, **BD_CONVENTIONS['mmagic']),
        {
            'OpenCV 2-D': lambda: cv2.filter2D(high, -1, kernel, anchor=(5, 5), borderType=cv2.BORDER_REPLICATE)[
                1:-1:4, 1:-1:4
            ]
        },
    )


if __name__ == '__main__':
    main()
