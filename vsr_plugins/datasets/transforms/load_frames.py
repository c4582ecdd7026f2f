"""Loading images so that a file that cannot be read is named."""

from typing import Any

import cv2
import numpy as np
from mmagic.datasets.transforms import LoadImageFromFile
from mmagic.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadFrames(LoadImageFromFile):
    """Upstream's ``LoadImageFromFile``, in RGB, with one clear error where a file is truncated or no image.

    Required Keys: [KEY]_path

    Added Keys: [KEY], ori_[KEY]_shape, [KEY]_channel_order, [KEY]_color_type

    Args:
        key (str): What to load, 'img' or 'gt'.
        channel_order (str): 'rgb' or 'bgr'.
        **kwargs: As upstream's.

    Raises:
        ValueError: If a file cannot be decoded, when it is loaded.
    """

    def __init__(self, key: str, channel_order: str = 'rgb', **kwargs: Any) -> None:
        super().__init__(key=key, channel_order=channel_order, **kwargs)

    def _load_image(self, filename: str) -> np.ndarray:
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
    return ValueError(f'{filename} cannot be decoded: it is truncated or no image; restore or prepare it again')
