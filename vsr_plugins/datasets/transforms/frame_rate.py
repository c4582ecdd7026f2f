"""Half the frame rate, for networks that restore the whole one."""

from collections.abc import Sequence

from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform


@TRANSFORMS.register_module()
class HalveFrameRate(BaseTransform):
    """Give the network frames 0, 2, 4, ... of a clip and keep all of them as ground truth.

    A last frame that no given one follows cannot be interpolated and leaves the ground truth: N frames of input stand
    beside 2N - 1. Works on lists of paths and of images alike, hence before or after loading.

    Required Keys: [KEYS], [WHOLE_KEYS]

    Modified Keys: [KEYS], [WHOLE_KEYS]

    Args:
        keys (Sequence[str]): Lists of which every second entry is kept.
        whole_keys (Sequence[str]): Lists that lose the last entry where their number is even.

    Raises:
        ValueError: If the lists differ in length, when called.
    """

    def __init__(self, keys: Sequence[str] = ('img',), whole_keys: Sequence[str] = ('gt',)) -> None:
        self.keys = tuple(keys)
        self.whole_keys = tuple(whole_keys)

    def transform(self, results: dict) -> dict:
        """Shorten the lists."""
        lengths = {key: len(results[key]) for key in (*self.keys, *self.whole_keys)}
        if len(set(lengths.values())) != 1:
            raise ValueError(f'clip {results.get("key")}: expected lists of one length, but got {lengths}')
        for key in self.keys:
            results[key] = results[key][::2]
        for key in self.whole_keys:
            results[key] = results[key][: (len(results[key]) - 1) // 2 * 2 + 1]
        return results
