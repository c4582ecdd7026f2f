"""Halve the frame rate of the input, for networks that double it."""

from collections.abc import Sequence

from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...temporal_windows import space_time_windows


@TRANSFORMS.register_module()
class HalveFrameRate(BaseTransform):
    """Use frames 0, 2, 4, ... of a clip as input and keep all frames as ground truth.

    The last frame of a clip of even length cannot be interpolated, as no input frame follows it. It is dropped from the
    ground truth, so N input frames correspond to 2N - 1; or, with ``last_window``, it is kept, and the frames from
    which a last window that ends with the clip makes it are input as well, see ``space_time_windows``. Works on lists
    of paths and of images, so before or after loading.

    Required Keys: [KEYS], [WHOLE_KEYS]

    Modified Keys: [KEYS], [WHOLE_KEYS]

    Added Keys: given (indices in the clip of the frames of [KEYS], from 0), with ``last_window``

    Args:
        keys (Sequence[str]): Lists of which every second entry is kept.
        whole_keys (Sequence[str]): Lists that lose the last entry if their length is even.
        last_window (int | None): None, or the number of input frames of the last window of a clip of even length; for
            testing, where the editor selects the frames of each window.

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
            raise ValueError(f'clip {results.get("key")}: the lists must have one length, but got {lengths}')
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
