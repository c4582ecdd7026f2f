"""Data set of clips rendered by moving a camera over photographs."""

import zlib
from collections import Counter
from collections.abc import Callable, Collection
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from mmagic.registry import DATASETS
from mmengine.dataset import BaseDataset
from mmengine.logging import print_log

from ..media.images.image_files import list_images, natural_key, probe, read_rgb
from ..temporal_windows import window_indices
from .camera_motion import CameraPath, Motion, draw_path, largest_shrink, render
from .clip_frames import SAMPLES

EMBEDDED = {
    'train': ('astronaut.png', 'chelsea.png', 'hubble_deep_field.jpg', 'ihc.png', 'motorcycle_left.png'),
    'val': ('coffee.png', 'rocket.jpg'),
}
"""Colour photographs in scikit-image's wheel. The right view of the motorcycle is omitted: it is the same scene."""
SPLITS = ('train', 'val', 'all')


@DATASETS.register_module()
class PhotoMotionDataset(BaseDataset):
    """Clips rendered from a folder of photographs by a camera that pans, zooms and turns, with parallax.

    A sample depends only on ``seed``, the photograph's file name and the number of the clip: every epoch, worker and
    resumed run gets the same, and adding a photograph changes no other clip. A photograph is either for training or
    held out, never both.

    A sample contains ``gt``, a list of (h, w, 3) uint8 RGB images, ``key`` (``coffee_002``, or ``coffee_002/00000003``
    with ``samples='frames'``), ``gt_path`` and the keys that upstream's transforms and preprocessor require.

    Args:
        data_root (str | None): Folder of photographs. None uses those in scikit-image's wheel.
        num_frames (int): Frames in a clip.
        gt_size (tuple[int, int] | None): (h, w) of the frames. None uses the largest multiple of 8 at which the
            smallest photograph leaves a tenth of its width for motion.
        clips_per_image (int): Clips rendered from each photograph.
        seed (int): Seed of all motion.
        split (str): 'train', 'val' or 'all'.
        held_out (Collection[str] | float): File names for 'val', or the fraction of the photographs, at least one,
            selected by a hash of their names. The embedded ones have a fixed split if this is left at its default.
        shrink (tuple[float, float]): Pixels of the photograph per pixel of the frame, drawn for each clip. Larger
            values give sharper frames of photographs that are soft at full size.
        motion (dict | None): Arguments of ``Motion``: pan, zoom, rotation, parallax, layers.
        samples (str): 'clips' or 'frames', as in ``ClipFramesDataset``.
        num_input_frames (int | None): Frames around each with ``samples='frames'``. None is 1.
        cache_mb (float): Keep up to this many megabytes of rendered frames in memory, in each worker; these frames are
            read-only.
        pipeline (list): Transforms, after loading.
        **kwargs: As in mmengine's ``BaseDataset``.

    Raises:
        FileNotFoundError: If the folder does not exist, or contains no photograph that is large enough.
        ValueError: If an argument is invalid.
    """

    METAINFO = dict(dataset_type='photo_motion', task_name='vsr')

    def __init__(
        self,
        data_root: str | None = None,
        num_frames: int = 7,
        gt_size: tuple[int, int] | None = (128, 128),
        clips_per_image: int = 10,
        seed: int = 0,
        split: str = 'train',
        held_out: Collection[str] | float = 0.1,
        shrink: tuple[float, float] = (1.4, 2.2),
        motion: dict | None = None,
        samples: str = 'clips',
        num_input_frames: int | None = None,
        cache_mb: float = 0,
        pipeline: list[dict | Callable] | None = None,
        **kwargs: Any,
    ) -> None:
        for name, value, known in (('split', split, SPLITS), ('samples', samples, SAMPLES)):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, but got '{value}'")
        if num_frames < 1 or clips_per_image < 1:
            raise ValueError(
                f'num_frames and clips_per_image must be positive, but got {num_frames}, {clips_per_image}'
            )
        if not 1 <= shrink[0] <= shrink[1]:
            raise ValueError(f'shrink must be two numbers of at least 1, in ascending order, but got {shrink}')
        self.photo_root = Path(data_root) if data_root else None
        self.num_frames = num_frames
        self.gt_size = None if gt_size is None else tuple(gt_size)
        self.clips_per_image = clips_per_image
        self.seed = seed
        self.split = split
        self.held_out = held_out
        self.shrink = tuple(shrink)
        self.motion = Motion(**(motion or {}))
        self.samples = samples
        self.num_input_frames = num_input_frames
        self.cache_left = cache_mb * 1e6
        self.rendered: dict[int, list[np.ndarray]] = {}
        super().__init__(pipeline=pipeline or [], data_prefix={}, **kwargs)

    def load_data_list(self) -> list[dict]:
        """Return one entry per sample: photograph, clip and, if a sample is a frame, the frame."""
        photos = self._photos()
        sizes = {photo: probe(photo).size for photo in photos}
        if self.gt_size is None:
            room = [min(size[axis] for size in sizes.values()) * 0.9 / self.shrink[0] for axis in (0, 1)]
            self.gt_size = tuple(max(int(side) // 8 * 8, 8) for side in room)
        small = [photo for photo, size in sizes.items() if largest_shrink(size, self.gt_size) < 1]
        if small:
            names = ', '.join(photo.name for photo in small[:3])
            print_log(f'{len(small)} photographs are too small for frames of {self.gt_size}: {names}', 'current')
        kept = [photo for photo in photos if photo not in small]
        if not kept:
            raise FileNotFoundError(
                f'none of the {len(photos)} photographs for {self.split} in {photos[0].parent.resolve()} is large '
                f'enough for frames of {self.gt_size}'
            )
        stems = Counter(photo.stem for photo in kept)
        names = {photo: photo.stem if stems[photo.stem] == 1 else photo.name.replace('.', '_') for photo in kept}
        clips = [
            dict(photo=str(photo), photo_size=sizes[photo], name=f'{names[photo]}_{clip:03d}', clip=clip)
            for photo in kept
            for clip in range(self.clips_per_image)
        ]
        if self.samples == 'clips':
            return clips
        return [dict(clip, frame=frame) for clip in clips for frame in range(self.num_frames)]

    def camera_path(self, idx: int) -> CameraPath:
        """Return the camera's path in the clip of a sample."""
        return self._camera_path(super().get_data_info(idx))

    def get_data_info(self, idx: int) -> dict:
        """Render and return a sample."""
        info = super().get_data_info(idx)
        photo, frame = Path(info['photo']), info.get('frame')
        gt = self._render(info)
        return dict(
            key=info['name'] if frame is None else f'{info["name"]}/{frame:08d}',
            gt=gt,
            gt_path=[str(photo)] * len(gt),
            ori_gt_shape=[image.shape for image in gt],
            gt_channel_order='rgb',
            gt_color_type='color',
            num_input_frames=len(gt),
            num_output_frames=None,
            sequence_length=self.num_frames,
            sample_idx=info['sample_idx'],
        )

    def _render(self, info: dict) -> list[np.ndarray]:
        idx, frame = info['sample_idx'], info.get('frame')
        if idx in self.rendered:
            return list(self.rendered[idx])
        frames = list(range(self.num_frames))
        if frame is not None:
            frames = window_indices(frame, self.num_frames, self.num_input_frames or 1)
        gt = render(_read_photo(info['photo']), self._camera_path(info), frames)
        needed = sum(image.nbytes for image in gt)
        if needed <= self.cache_left:
            self.cache_left -= needed
            for image in gt:
                # Read-only: writing raises an error instead of changing the cached frame.
                image.flags.writeable = False
            self.rendered[idx] = list(gt)
        return gt

    def _camera_path(self, info: dict) -> CameraPath:
        name = zlib.crc32(Path(info['photo']).name.encode())
        rng = np.random.default_rng((self.seed, name, info['clip']))
        return draw_path(rng, tuple(info['photo_size']), self.gt_size, self.num_frames, self.shrink, self.motion)

    def _photos(self) -> list[Path]:
        """Return the photographs of the split."""
        if self.photo_root is None:
            root = _embedded_root()
            photos = sorted((root / name for names in EMBEDDED.values() for name in names), key=lambda p: p.name)
            photos = [photo for photo in photos if photo.is_file()]
        elif self.photo_root.is_dir():
            root, photos = self.photo_root, list_images(self.photo_root)
        else:
            raise FileNotFoundError(f'no folder of photographs at {self.photo_root.resolve()}')
        if not photos:
            raise FileNotFoundError(f'no photograph in {root.resolve()}')
        if self.split == 'all':
            return photos
        held = self._held_out_names([photo.name for photo in photos])
        kept = [photo for photo in photos if (photo.name in held) == (self.split == 'val')]
        if not kept:
            raise FileNotFoundError(
                f'{root.resolve()} contains {len(photos)} photographs, but none for the split {self.split}'
            )
        return kept

    def _held_out_names(self, names: list[str]) -> set[str]:
        if not isinstance(self.held_out, int | float):
            unknown = sorted(set(self.held_out) - set(names), key=natural_key)
            if unknown:
                raise ValueError(f'held_out contains {", ".join(unknown)}, which are not among the photographs')
            return set(self.held_out)
        if self.photo_root is None:
            return set(EMBEDDED['val'])
        # By a hash of the name, not by the seed, which may differ between training and validation.
        count = max(1, round(self.held_out * len(names)))
        return set(sorted(names, key=lambda name: zlib.crc32(name.encode()))[:count])


@lru_cache(maxsize=16)
def _read_photo(path: str) -> np.ndarray:
    return read_rgb(Path(path))


def _embedded_root() -> Path:
    spec = find_spec('skimage')
    if spec is None or spec.origin is None:
        raise FileNotFoundError('the embedded photographs need scikit-image, which is not installed')
    return Path(spec.origin).parent / 'data'
