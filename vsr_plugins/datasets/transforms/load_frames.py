"""Load images, with an error that names an unreadable file."""

from typing import Any

import cv2
import numpy as np
from mmagic.datasets.transforms import LoadImageFromFile
from mmagic.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadFrames(LoadImageFromFile):
    """Upstream's ``LoadImageFromFile``, in RGB, with one clear error if a file is truncated or not an image.

    Required Keys: [KEY]_path

    Added Keys: [KEY], ori_[KEY]_shape, [KEY]_channel_order, [KEY]_color_type

    Args:
        key (str): Images to load, 'img' or 'gt'.
        channel_order (str): 'rgb' or 'bgr'.
        decoded_mb (float): Keep up to this many megabytes of decoded images in memory, in each worker; upstream's
            ``use_cache`` keeps files and decodes them each time. For small data sets from which patches are cut; the
            images are read-only.
        **kwargs: As in upstream's class.

    Raises:
        ValueError: If a file cannot be decoded, when it is loaded.
    """

    def __init__(self, key: str, channel_order: str = 'rgb', decoded_mb: float = 0, **kwargs: Any) -> None:
        super().__init__(key=key, channel_order=channel_order, **kwargs)
        self.room = decoded_mb * 1e6
        self.decoded: dict[str, np.ndarray] = {}

    def _load_image(self, filename: str) -> np.ndarray:
        if filename in self.decoded:
            return self.decoded[filename]
        image = self._decode(filename)
        if image.nbytes <= self.room:
            self.room -= image.nbytes
            # Read-only: writing raises an error instead of changing the cached image.
            image.flags.writeable = False
            self.decoded[filename] = image
        return image

    def _decode(self, filename: str) -> np.ndarray:
        try:
            image = super()._load_image(filename)
        except (cv2.error, OSError, SyntaxError) as error:
            if isinstance(error, FileNotFoundError):
                raise
            raise _unreadable(filename) from error
        if image is None:
            raise _unreadable(filename)
        return image


def _unreadable(filename: str) -> ValueError:
    return ValueError(f'{filename} cannot be decoded: it is truncated or not an image; restore or prepare it again')
