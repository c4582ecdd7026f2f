"""A clip as a user has it: a video file or a folder of frames."""

from itertools import islice
from pathlib import Path

import numpy as np

from ..media.decoding import RgbReader, decode
from ..media.images import UnreadableError, list_images, read_rgb
from .key_frames import select_key_frames, video_key_frames


class ClipSource:
    """Reads stretches of a clip, never more of it than is asked for.

    Args:
        path: A video file, or a folder whose images in natural order are the frames.

    Raises:
        FileNotFoundError: If there is no such file or folder.
        ValueError: If a folder holds no images.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not self.path.exists():
            raise FileNotFoundError(f'there is no video file and no folder of frames at {self.path.absolute()}')
        self._images = list_images(self.path) if self.path.is_dir() else None
        if self._images == []:
            raise ValueError(f'{self.path} is a folder without images; name a folder of frames or a video file')
        self._count = None if self._images is None else len(self._images)
        self._first: tuple[str, str] | None = None

    def count(self) -> int:
        """The number of frames. A video is decoded once to know, as its container may be wrong about it."""
        if self._count is None:
            self._count = sum(1 for _ in decode(self.path))
        return self._count

    def read(self, start: int, stop: int | None = None) -> list[np.ndarray]:
        """The frames from ``start`` up to ``stop`` or the end, fewer where the clip ends before, (h, w, 3) uint8 RGB.

        Raises:
            UnreadableError: If a frame cannot be decoded, or is of another size than the first that was read.
        """
        if self._images is not None:
            return [self._alike(read_rgb(path), str(path)) for path in self._images[start:stop]]
        frames = decode(self.path)
        try:
            images = map(RgbReader(), islice(frames, start, stop))
            return [self._alike(image, f'frame {i} of {self.path}') for i, image in enumerate(images, start)]
        finally:
            frames.close()

    def key_frames(self, count: int, excluded: range = range(0)) -> list[int]:
        """Indices of ``count`` key frames, I-frames where it is a video, see ``select_key_frames``."""
        recorded = video_key_frames(self.path) if self._images is None else []
        return select_key_frames(self.count(), count, recorded, excluded)

    def _alike(self, image: np.ndarray, name: str) -> np.ndarray:
        size = f'{image.shape[1]}x{image.shape[0]}'
        self._first = self._first or (name, size)
        if size != self._first[1]:
            raise UnreadableError(f'{name} is {size}, but {self._first[0]} is {self._first[1]}')
        return image
