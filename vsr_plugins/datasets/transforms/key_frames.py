"""Append key frames of the same clip to the frames of a sample, and drop them again."""

from collections.abc import Sequence

from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ..key_frames import select_key_frames


@TRANSFORMS.register_module()
class AppendKeyFrames(BaseTransform):
    """Append the paths of key frames of the same clip, see ``select_key_frames``. Use it before loading.

    In training it follows ``SampleSegment``; at test time it takes the paths of the complete clip: every chunk then
    gets the same key frames. They are loaded, degraded and augmented like the frames of the clip, which they follow;
    ``DropKeyFrames`` removes them again where they are not needed, and a network that uses them requires
    ``PackInputs(meta_keys=['key', 'num_key_frames'])``.

    Required Keys: [KEY]_path, clip_paths (from ``ClipFramesDataset`` with ``samples='clips'``)

    Optional Keys: key_frames (indices of the clip's I-frames)

    Modified Keys: [KEY]_path

    Added Keys: num_key_frames

    Args:
        num_key_frames (int): Number of key frames, the same for every sample. The paper does not state it.
        key (str): 'gt' if low resolution is computed while loading, 'img' if it is read from disk.

    Raises:
        ValueError: If ``num_key_frames`` is not positive.
    """

    def __init__(self, num_key_frames: int = 4, key: str = 'gt') -> None:
        if num_key_frames < 1:
            raise ValueError(f'num_key_frames must be at least 1, but got {num_key_frames}')
        self.num_key_frames = num_key_frames
        self.key = key

    def transform(self, results: dict) -> dict:
        """Append the paths.

        Raises:
            ValueError: If the sample has no ``clip_paths``.
        """
        clip = results.get('clip_paths', {}).get(self.key)
        if clip is None:
            raise ValueError(
                f"AppendKeyFrames(key='{self.key}') needs samples of ClipFramesDataset(samples='clips') with "
                f"'{self.key}' in data_prefix, but the sample {results.get('key')} has no paths of its clip"
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
    """Remove the key frames from the end of lists of frames, such as the ground truth once it is degraded.

    Required Keys: num_key_frames, [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames.
    """

    def __init__(self, keys: Sequence[str] = ('gt',)) -> None:
        self.keys = tuple(keys)

    def transform(self, results: dict) -> dict:
        """Remove the key frames."""
        for key in self.keys:
            results[key] = results[key][: -results['num_key_frames']]
        return results
