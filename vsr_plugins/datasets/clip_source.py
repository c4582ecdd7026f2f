"""Read a user's clip: a video file or a folder of frames."""

from itertools import islice
from pathlib import Path

import numpy as np

from ..media.images.image_files import UnreadableError, list_images, read_rgb
from ..media.reading.decoding import RgbReader, decode
from .key_frames import select_key_frames, video_key_frames


class ClipSource:
    """Read segments of a clip, without decoding more than requested.

    Args:
        path: A video file, or a folder whose images in natural order are the frames.

    Raises:
        FileNotFoundError: If the file or folder does not exist.
        ValueError: If a folder contains no images.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise FileNotFoundError(f'no video file or folder of frames at {self.path.absolute()}')
        self._images = list_images(self.path) if self.path.is_dir() else None
        if self._images == []:
            raise ValueError(f'{self.path} is a folder without images; pass a folder of frames or a video file')
        self._count = None if self._images is None else len(self._images)
        self._first: tuple[str, str] | None = None

    def count(self) -> int:
        """Return the number of frames. A video is decoded once to count them, as its container may be wrong."""
        if self._count is None:
            self._count = sum(1 for _ in decode(self.path))
        return self._count

    def read(self, start: int, stop: int | None = None) -> list[np.ndarray]:
        """Read the frames from ``start`` up to ``stop`` or the end of the clip, (h, w, 3) uint8 RGB.

        Raises:
            UnreadableError: If a frame cannot be decoded, or differs in size from the first frame read.
        """
        if self._images is not None:
            return [self._checked(read_rgb(path), str(path)) for path in self._images[start:stop]]
        frames = decode(self.path)
        try:
            images = map(RgbReader(), islice(frames, start, stop))
            return [self._checked(image, f'frame {i} of {self.path}') for i, image in enumerate(images, start)]
        finally:
            frames.close()

    def key_frames(self, count: int, excluded: range = range(0)) -> list[int]:
        """Return indices of ``count`` key frames, I-frames if it is a video, see ``select_key_frames``."""
        recorded = video_key_frames(self.path) if self._images is None else []
        return select_key_frames(self.count(), count, recorded, excluded)

    def _checked(self, image: np.ndarray, name: str) -> np.ndarray:
        size = f'{image.shape[1]}x{image.shape[0]}'
        self._first = self._first or (name, size)
        if size != self._first[1]:
            raise UnreadableError(f'{name} is {size}, but {self._first[0]} is {self._first[1]}')
        return image
