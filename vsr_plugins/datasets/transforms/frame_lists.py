"""Transforms of lists of frames or of paths."""

from collections.abc import Sequence

import numpy as np
import torch
from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...temporal_windows import mirrored


@TRANSFORMS.register_module()
class SampleSegment(BaseTransform):
    """Select a random segment of consecutive frames of a clip, for training. Use it before loading.

    Upstream's ``GenerateSegmentIndices`` for lists of paths. A clip that is too short is mirrored (0 1 2 1 0). Omit it
    at test time, where clips are complete.

    Required Keys: num_input_frames, [KEYS]

    Modified Keys: [KEYS]

    Added Keys: interval

    Args:
        keys (Sequence[str]): Lists to select the same frames of; missing ones are skipped.
        interval_list (Sequence[int]): Steps between frames to draw from, a temporal augmentation. A negative one
            reverses the frames, 0 repeats one frame.
    """

    def __init__(self, keys: Sequence[str] = ('img_path', 'gt_path'), interval_list: Sequence[int] = (1,)) -> None:
        self.keys = tuple(keys)
        self.interval_list = tuple(interval_list)

    def transform(self, results: dict) -> dict:
        """Select the segment.

        Raises:
            ValueError: If the lists differ in length.
        """
        present = [key for key in self.keys if key in results]
        lengths = {key: len(results[key]) for key in present}
        if len(set(lengths.values())) != 1:
            raise ValueError(f'the lists {self.keys} must have one length, but got {lengths}')
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
    """Keep the centre frame of a list, for centre-frame networks.

    Required Keys: [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames to replace by one frame.
    """

    def __init__(self, keys: Sequence[str] = ('gt',)) -> None:
        self.keys = tuple(keys)

    def transform(self, results: dict) -> dict:
        """Keep the centre frame."""
        for key in self.keys:
            results[key] = results[key][len(results[key]) // 2]
        return results


@TRANSFORMS.register_module()
class StackFrames(BaseTransform):
    """Stack lists of frames into tensors of shape (t, c, h, w). Use it before ``PackInputs``.

    ``PackInputs`` alone would convert a list of one frame to (c, h, w), and networks would treat a clip of one frame as
    an image.

    Required Keys: [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames of shape (h, w, c).
    """

    def __init__(self, keys: Sequence[str] = ('img', 'gt')) -> None:
        self.keys = tuple(keys)

    def transform(self, results: dict) -> dict:
        """Stack the lists.

        Raises:
            ValueError: If the frames of a clip differ in size.
        """
        for key in self.keys:
            frames = results[key]
            sizes = {frame.shape for frame in frames}
            if len(sizes) != 1:
                raise ValueError(
                    f"the frames of clip {results.get('key')} ('{key}') differ in size: {sorted(sizes)}; "
                    'all frames of a clip must have one size'
                )
            results[key] = torch.from_numpy(np.ascontiguousarray(np.stack(frames).transpose(0, 3, 1, 2)))
        return results
