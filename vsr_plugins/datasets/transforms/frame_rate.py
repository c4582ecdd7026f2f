"""Half the frame rate, for networks that restore the whole one."""

from collections.abc import Sequence

from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...temporal_windows import space_time_windows


@TRANSFORMS.register_module()
class HalveFrameRate(BaseTransform):
    """Give the network frames 0, 2, 4, ... of a clip and keep all of them as ground truth.

    A last frame that no given one follows cannot be interpolated. It leaves the ground truth, N frames of input stand
    beside 2N - 1; or, with ``last_window``, it stays, and the frames from which a last window that ends with the clip
    makes it are given as well, see ``space_time_windows``. Works on lists of paths and of images alike, hence before or
    after loading.

    Required Keys: [KEYS], [WHOLE_KEYS]

    Modified Keys: [KEYS], [WHOLE_KEYS]

    Added Keys: given (which frames of the clip [KEYS] are, from 0), with ``last_window``

    Args:
        keys (Sequence[str]): Lists of which every second entry is kept.
        whole_keys (Sequence[str]): Lists that lose the last entry where their number is even.
        last_window (int | None): None, or how many frames the last window of a clip of even length is given; for
            testing, where the editor picks the frames of each window.

    Raises:
        ValueError: If ``last_window`` is less than 2; if the lists differ in length, when called.
    """

    def __init__(
        self, keys: Sequence[str] = ('img',), whole_keys: Sequence[str] = ('gt',), last_window: int | None = None
    ) -> None:
        if last_window is not None and last_window < 2:
            raise ValueError(f'last_window must be None or at least 2, but got {last_window}')
        self.keys = tuple(keys)
        self.whole_keys = tuple(whole_keys)
        self.last_window = last_window

    def transform(self, results: dict) -> dict:
        """Shorten the lists."""
        lengths = {key: len(results[key]) for key in (*self.keys, *self.whole_keys)}
        if len(set(lengths.values())) != 1:
            raise ValueError(f'clip {results.get("key")}: expected lists of one length, but got {lengths}')
        count = next(iter(lengths.values()))
        given = set(range(0, count, 2))
        if self.last_window is None:
            count = max(given) + 1
        else:
            given.update(space_time_windows(count, self.last_window)[-1][::2])
            results['given'] = sorted(given)
        for key in self.keys:
            results[key] = [results[key][frame] for frame in sorted(given)]
        for key in self.whole_keys:
            results[key] = results[key][:count]
        return results
