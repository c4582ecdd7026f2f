"""Key frames of the same clip behind the frames of a sample."""

from collections.abc import Sequence

from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ..key_frames import select_key_frames


@TRANSFORMS.register_module()
class AppendKeyFrames(BaseTransform):
    """Append the paths of key frames of the same clip, see ``select_key_frames``. Meant to stand before loading.

    In training after ``SampleSegment``, at test time on the paths of the whole clip: the key frames are then frames of
    the clip that every chunk of it is given. They are loaded, degraded and augmented as the clip's frames, behind which
    they stand; ``DropKeyFrames`` takes them away again where they are not wanted, and a network that can use them
    needs ``PackInputs(meta_keys=['key', 'num_key_frames'])``.

    Required Keys: [KEY]_path, clip_paths (from ``ClipFramesDataset`` with ``samples='clips'``)

    Optional Keys: key_frames (indices of the clip's I-frames)

    Modified Keys: [KEY]_path

    Added Keys: num_key_frames

    Args:
        num_key_frames (int): How many; every sample gets as many. The paper does not say.
        key (str): 'gt' where low resolution is made while loading, 'img' where it lies on disk.

    Raises:
        ValueError: If ``num_key_frames`` is not positive, or, when called, the sample does not know its whole clip.
    """

    def __init__(self, num_key_frames: int = 4, key: str = 'gt') -> None:
        if num_key_frames < 1:
            raise ValueError(f'num_key_frames must be at least 1, but got {num_key_frames}')
        self.num_key_frames = num_key_frames
        self.key = key

    def transform(self, results: dict) -> dict:
        """Append the paths."""
        clip = results.get('clip_paths', {}).get(self.key)
        if clip is None:
            raise ValueError(
                f"AppendKeyFrames(key='{self.key}') needs samples of ClipFramesDataset(samples='clips') with "
                f"'{self.key}' in data_prefix, but the sample {results.get('key')} has no such clip"
            )
        paths = results[f'{self.key}_path']
        positions = {path: index for index, path in enumerate(clip)}
        inside = {positions[path] for path in paths}
        indices = select_key_frames(len(clip), self.num_key_frames, results.get('key_frames', ()), inside)
        results[f'{self.key}_path'] = [*paths, *(clip[index] for index in indices)]
        results['num_key_frames'] = self.num_key_frames
        return results


@TRANSFORMS.register_module()
class DropKeyFrames(BaseTransform):
    """Take the key frames away from the end of lists of frames, of the ground truth once it was degraded.

    Required Keys: num_key_frames, [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames.
    """

    def __init__(self, keys: Sequence[str] = ('gt',)) -> None:
        self.keys = tuple(keys)

    def transform(self, results: dict) -> dict:
        """Shorten the lists."""
        for key in self.keys:
            results[key] = results[key][: -results['num_key_frames']]
        return results
