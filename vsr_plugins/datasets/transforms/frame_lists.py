"""Transforms of lists of frames, before and after they are loaded."""

from collections.abc import Sequence

import numpy as np
import torch
from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...temporal_windows import mirrored


@TRANSFORMS.register_module()
class SampleSegment(BaseTransform):
    """Draw consecutive frames of a clip at random, for training. Meant to stand before loading.

    Upstream's ``GenerateSegmentIndices`` for lists of paths. A clip that is too short goes back and forth (0 1 2 1 0).
    There is nothing to draw at test time, where clips are whole: leave it out there.

    Required Keys: num_input_frames, [KEYS]

    Modified Keys: [KEYS]

    Added Keys: interval

    Args:
        keys (Sequence[str]): Lists to take the same frames of; those that are absent are passed over.
        interval_list (Sequence[int]): Steps between frames to draw from, a temporal augmentation. With a negative one
            the frames come in reverse, with 0 all are the same frame.
    """

    def __init__(self, keys: Sequence[str] = ('img_path', 'gt_path'), interval_list: Sequence[int] = (1,)) -> None:
        self.keys = tuple(keys)
        self.interval_list = tuple(interval_list)

    def transform(self, results: dict) -> dict:
        """Draw the segment."""
        present = [key for key in self.keys if key in results]
        lengths = {key: len(results[key]) for key in present}
        if len(set(lengths.values())) != 1:
            raise ValueError(f'expected lists of one length under {self.keys}, but got {lengths}')
        length = lengths[present[0]]
        count = results['num_input_frames'] or length
        interval = int(np.random.choice(self.interval_list))
        step = abs(interval)
        start = np.random.randint(max(length - (count - 1) * step, 1))
        indices = [mirrored(start + i * step, length) for i in range(count)]
        if interval < 0:
            indices.reverse()
        for key in present:
            results[key] = [results[key][i] for i in indices]
        results['interval'] = interval
        return results


@TRANSFORMS.register_module()
class KeepCenterFrame(BaseTransform):
    """Keep the frame in the middle of a list, for networks that restore one frame of a window.

    Required Keys: [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames that become one frame.
    """

    def __init__(self, keys: Sequence[str] = ('gt',)) -> None:
        self.keys = tuple(keys)

    def transform(self, results: dict) -> dict:
        """Keep the frame in the middle."""
        for key in self.keys:
            results[key] = results[key][len(results[key]) // 2]
        return results


@TRANSFORMS.register_module()
class StackFrames(BaseTransform):
    """Stack lists of frames into tensors of shape (t, c, h, w), to be used before ``PackInputs``.

    ``PackInputs`` alone would make (c, h, w) of a list of one frame, and networks would see a clip of one frame as an
    image.

    Required Keys: [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames of shape (h, w, c).

    Raises:
        ValueError: If the frames of a clip differ in size, when they are stacked.
    """

    def __init__(self, keys: Sequence[str] = ('img', 'gt')) -> None:
        self.keys = tuple(keys)

    def transform(self, results: dict) -> dict:
        """Stack the lists."""
        for key in self.keys:
            frames = results[key]
            sizes = {frame.shape for frame in frames}
            if len(sizes) != 1:
                raise ValueError(
                    f"the frames of clip {results.get('key')} ('{key}') differ in size: {sorted(sizes)}; "
                    'a clip is of one size'
                )
            results[key] = torch.from_numpy(np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2)))
        return results
