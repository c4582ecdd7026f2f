"""Compute the low resolution from ground truth while loading."""

import weakref

import numpy as np
from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...degradation import check_degradation, degrade, filter_margin

# Top, left, height and width, pixels of the ground truth.
Patch = tuple[int, int, int, int]


@TRANSFORMS.register_module()
class DegradeFrames(BaseTransform):
    """Compute ``img`` from ``gt`` exactly as ``vsr prepare`` does for files: same functions, rounded to 8 bits.

    The ground truth is cropped to a multiple of the scale, at the bottom and right, then degraded completely, or, with
    ``gt_patch_size``, only around a random patch. A patch equals that part of the degraded complete frame: the crop is
    aligned to the low-resolution grid and has a margin of the filter's width, which is cropped afterwards. Read-only
    frames, as from a cache (``LoadFrames`` with ``decoded_mb``), are degraded once and the result is cached.

    Required Keys: gt (an image or a list of images of one size, (h, w, c))

    Modified Keys: gt

    Added Keys: img, scale, img_channel_order, img_color_type

    Args:
        kind (str): 'BI' (MATLAB's bicubic) or 'BD' (Gaussian of sigma 1.6 and every ``scale``-th pixel).
        scale (int): Ratio of the sizes of ``gt`` and ``img``.
        gt_patch_size (int | tuple[int, int] | None): (h, w) of the patch of ``gt``, multiples of ``scale``. None keeps
            the complete frame.
        bd (str): Convention of BD, see ``BD_CONVENTIONS``.

    Raises:
        ValueError: If an argument is invalid, or, when called, a frame is too small.
    """

    def __init__(
        self,
        kind: str = 'BI',
        scale: int = 4,
        gt_patch_size: int | tuple[int, int] | None = None,
        bd: str = 'duf',
    ) -> None:
        check_degradation(kind, bd)
        if isinstance(gt_patch_size, int):
            gt_patch_size = (gt_patch_size, gt_patch_size)
        if gt_patch_size is not None and any(size < 1 or size % scale for size in gt_patch_size):
            raise ValueError(f'gt_patch_size must be a positive multiple of scale {scale}, but got {gt_patch_size}')
        self.kind = kind
        self.scale = scale
        self.gt_patch_size = None if gt_patch_size is None else tuple(gt_patch_size)
        self.bd = bd
        # By the id of a live frame: removed together with the frame, and not pickled.
        self._low: dict[int, np.ndarray] = {}

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_low': {}}

    def transform(self, results: dict) -> dict:
        """Crop and degrade the frames of a sample.

        Raises:
            ValueError: If the frames differ in size.
        """
        gt = results['gt']
        frames = gt if isinstance(gt, list) else [gt]
        sizes = {frame.shape for frame in frames}
        if len(sizes) != 1:
            raise ValueError(f'the frames of clip {results.get("key")} differ in size: {sorted(sizes)}')
        h, w = (size - size % self.scale for size in frames[0].shape[:2])
        patch = self._patch(h, w, results)
        # Read-only frames are cached in memory and will be loaded again.
        cut = self._cut_kept if not any(frame.flags.writeable for frame in frames) else self._cut
        img, gt_frames = cut(frames, (h, w), patch)
        results['img'] = img if isinstance(gt, list) else img[0]
        results['gt'] = gt_frames if isinstance(gt, list) else gt_frames[0]
        results['scale'] = self.scale
        for name in ('channel_order', 'color_type'):
            if f'gt_{name}' in results:
                results[f'img_{name}'] = results[f'gt_{name}']
        return results

    def _cut(self, frames: list[np.ndarray], size: tuple[int, int], patch: Patch) -> tuple[list, list]:
        """Cut low and high resolution of a patch, degrading only the receptive field of the filter."""
        h, w = size
        top, left, height, width = patch
        margin = filter_margin(self.kind, self.scale, self.bd) if self.gt_patch_size else 0
        y0, x0 = max(top - margin, 0), max(left - margin, 0)
        y1, x1 = min(top + height + margin, h), min(left + width + margin, w)
        # All frames at once, concatenated as channels: the filter is the same for each.
        around = np.concatenate([frame[y0:y1, x0:x1] for frame in frames], axis=2)
        low = self._degrade(around)
        low_y, low_x = (top - y0) // self.scale, (left - x0) // self.scale
        low = low[low_y : low_y + height // self.scale, low_x : low_x + width // self.scale]
        high = around[top - y0 : top - y0 + height, left - x0 : left - x0 + width]
        return self._frames(low, len(frames)), self._frames(high, len(frames))

    def _cut_kept(self, frames: list[np.ndarray], size: tuple[int, int], patch: Patch) -> tuple[list, list]:
        """As ``_cut``, for cached frames: each is degraded once, and the result lives as long as the frame."""
        h, w = size
        top, left, height, width = patch
        rows, columns = (slice(a // self.scale, (a + b) // self.scale) for a, b in ((top, height), (left, width)))
        low = [self._kept(frame, h, w)[rows, columns].copy() for frame in frames]
        return low, [frame[top : top + height, left : left + width].copy() for frame in frames]

    def _kept(self, frame: np.ndarray, h: int, w: int) -> np.ndarray:
        """Return the complete frame at low resolution, from the cache if possible."""
        name = id(frame)
        if name not in self._low:
            self._low[name] = self._degrade(frame[:h, :w])
            weakref.finalize(frame, self._low.pop, name, None)
        return self._low[name]

    def _patch(self, h: int, w: int, results: dict) -> Patch:
        """Choose the patch of the ground truth to keep."""
        height, width = self.gt_patch_size or (h, w)
        if not (0 < height <= h and 0 < width <= w):
            required = f'a patch of {height}x{width}' if self.gt_patch_size else f'one pixel at scale {self.scale}'
            raise ValueError(
                f'clip {results.get("key")}: frames of {h}x{w} (multiples of {self.scale}) are too small for {required}'
            )
        if not self.gt_patch_size:
            return 0, 0, h, w
        top = int(np.random.randint((h - height) // self.scale + 1)) * self.scale
        left = int(np.random.randint((w - width) // self.scale + 1)) * self.scale
        return top, left, height, width

    def _degrade(self, image: np.ndarray) -> np.ndarray:
        return degrade(image, self.kind, self.scale, self.bd)

    @staticmethod
    def _frames(stacked: np.ndarray, count: int) -> list[np.ndarray]:
        """Split into frames with separate memory: upstream's ``Flip`` works in place."""
        return [np.ascontiguousarray(frame) for frame in np.split(stacked, count, axis=2)]
