"""Low resolution made while loading, from ground truth alone."""

import weakref

import numpy as np
from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...degradation import BD_CONVENTIONS, bicubic_downsample, blur_downsample, check_degradation, filter_margin

# Top, left, height and width, pixels of the ground truth.
Patch = tuple[int, int, int, int]


@TRANSFORMS.register_module()
class DegradeFrames(BaseTransform):
    """Make ``img`` from ``gt`` as ``vsr prepare`` makes the files: the same functions, rounded to 8 bits.

    The ground truth is cropped to a multiple of the scale, at the bottom and right, then degraded whole, or, with
    ``gt_patch_size``, around a random patch only. A patch is exactly what that place is in the degraded whole frame:
    the crop stands on the low-resolution grid and has a margin as wide as the filter, which is cut off afterwards.
    Frames that cannot be written into, as a cache hands them out (``LoadFrames`` with ``decoded_mb``), are degraded
    once and kept.

    Required Keys: gt (an image or a list of images of one size, (h, w, c))

    Modified Keys: gt

    Added Keys: img, scale, img_channel_order, img_color_type

    Args:
        kind (str): 'BI' (MATLAB's bicubic) or 'BD' (Gaussian of sigma 1.6 and every ``scale``-th pixel).
        scale (int): How many times smaller ``img`` is.
        gt_patch_size (int | tuple[int, int] | None): (h, w) of the patch of ``gt``, multiples of ``scale``. None keeps
            the whole frame.
        bd (str): Which BD, see ``BD_CONVENTIONS``.

    Raises:
        ValueError: If an argument does not fit, or, when called, a frame is too small.
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
        # By the identity of a frame that is alive, so it goes with the frame and into no copy.
        self._low: dict[int, np.ndarray] = {}

    def __getstate__(self) -> dict:
        return {**self.__dict__, '_low': {}}

    def transform(self, results: dict) -> dict:
        """Crop and degrade."""
        gt = results['gt']
        frames = gt if isinstance(gt, list) else [gt]
        sizes = {frame.shape for frame in frames}
        if len(sizes) != 1:
            raise ValueError(f'the frames of clip {results.get("key")} differ in size: {sorted(sizes)}')
        h, w = (size - size % self.scale for size in frames[0].shape[:2])
        patch = self._patch(h, w, results)
        # Frames that nobody may write into are kept in memory to be loaded again.
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
        """Low and high resolution of a patch, of which no more is degraded than the filter reaches."""
        h, w = size
        top, left, height, width = patch
        margin = filter_margin(self.kind, self.scale, self.bd) if self.gt_patch_size else 0
        y0, x0 = max(top - margin, 0), max(left - margin, 0)
        y1, x1 = min(top + height + margin, h), min(left + width + margin, w)
        # All frames at once, side by side as channels: the filter is the same for each.
        around = np.concatenate([frame[y0:y1, x0:x1] for frame in frames], axis=2)
        low = self._degrade(around)
        low_y, low_x = (top - y0) // self.scale, (left - x0) // self.scale
        low = low[low_y : low_y + height // self.scale, low_x : low_x + width // self.scale]
        high = around[top - y0 : top - y0 + height, left - x0 : left - x0 + width]
        return self._frames(low, len(frames)), self._frames(high, len(frames))

    def _cut_kept(self, frames: list[np.ndarray], size: tuple[int, int], patch: Patch) -> tuple[list, list]:
        """As ``_cut``, of frames each of which is degraded once and kept degraded for as long as itself."""
        h, w = size
        top, left, height, width = patch
        rows, columns = (slice(a // self.scale, (a + b) // self.scale) for a, b in ((top, height), (left, width)))
        low = [self._kept(frame, h, w)[rows, columns].copy() for frame in frames]
        return low, [frame[top : top + height, left : left + width].copy() for frame in frames]

    def _kept(self, frame: np.ndarray, h: int, w: int) -> np.ndarray:
        """A whole frame at low resolution."""
        name = id(frame)
        if name not in self._low:
            self._low[name] = self._degrade(frame[:h, :w])
            weakref.finalize(frame, self._low.pop, name, None)
        return self._low[name]

    def _patch(self, h: int, w: int, results: dict) -> Patch:
        """What to keep."""
        height, width = self.gt_patch_size or (h, w)
        if not (0 < height <= h and 0 < width <= w):
            wanted = f'a patch of {height}x{width}' if self.gt_patch_size else f'one pixel at scale {self.scale}'
            raise ValueError(
                f'clip {results.get("key")}: frames of {h}x{w} (a multiple of {self.scale}) are too small for {wanted}'
            )
        if not self.gt_patch_size:
            return 0, 0, h, w
        top = int(np.random.randint((h - height) // self.scale + 1)) * self.scale
        left = int(np.random.randint((w - width) // self.scale + 1)) * self.scale
        return top, left, height, width

    def _degrade(self, image: np.ndarray) -> np.ndarray:
        if self.kind == 'BI':
            return bicubic_downsample(image, self.scale)
        return blur_downsample(image, self.scale, **BD_CONVENTIONS[self.bd])

    @staticmethod
    def _frames(stacked: np.ndarray, count: int) -> list[np.ndarray]:
        """Frames of their own memory again: upstream's ``Flip`` writes into them."""
        return [np.ascontiguousarray(frame) for frame in np.split(stacked, count, axis=2)]
