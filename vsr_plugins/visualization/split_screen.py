"""Draw the frames of a split-screen video: stripes of several methods, enlarged crops, a row of pixels over time."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

import cv2
import numpy as np
from matplotlib import font_manager
from PIL import Image, ImageDraw, ImageFont

COLOUR = (228, 87, 46)
WHITE = (255, 255, 255)
# Pixels between parts.
GAP = 4
# Screen lines per frame of a profile.
PROFILE_LINES = 2
# Minimum height of letters in pixels, and their height as a share of the frame's.
MIN_LETTERS, LETTERS = 12, 0.026


class SplitScreen:
    """Draws the frames of a split-screen video, one after the other.

    Above, a frame composed of one stripe per method; below, the enlarged crop of each method and its profile: the row
    through the middle of the crop in the latest frames, the last one at the bottom.

    Args:
        names: Names of the methods, from left to right.
        window: Top, left, height and width of the crop.
        size: Height and width of a frame.
    """

    def __init__(self, names: Sequence[str], window: tuple[int, int, int, int], size: tuple[int, int]) -> None:
        self.names = list(names)
        self.window = window
        self.size = size
        width = size[1]
        self.edges = [round(i * width / len(self.names)) for i in range(len(self.names) + 1)]
        # All crops are as high as that of the narrowest stripe; widths differ by rounding.
        narrowest = max(width // len(self.names) - GAP, 1)
        self.crop_height = max(narrowest * window[2] // window[3], 1)
        self.history = max(narrowest // (4 * PROFILE_LINES), 1)
        self.profiles: dict[str, list[np.ndarray]] = {name: [] for name in self.names}

    def draw(self, frames: Mapping[str, np.ndarray], notes: Mapping[str, str] | None = None) -> np.ndarray:
        """Draw the next frame.

        Args:
            frames: Frame of each method, (h, w, 3) uint8 RGB.
            notes: Text to write after the name of each method.

        Returns:
            (h', w', 3) uint8 RGB, of the same even size for every frame.
        """
        h, w = self.size
        screen = np.zeros_like(next(iter(frames.values())))
        for name, left, right in zip(self.names, self.edges, self.edges[1:], strict=False):
            screen[:, left:right] = frames[name][:, left:right]
        parts = [self._crop_and_profile(name, frames[name], right - left) for name, left, right in self._stripes()]
        below = np.zeros((parts[0].shape[0], w, 3), np.uint8)
        for part, (_, left, _) in zip(parts, self._stripes(), strict=True):
            below[:, left : left + part.shape[1]] = part
        screen = np.concatenate((screen, np.zeros((GAP, w, 3), np.uint8), below))
        picture = Image.fromarray(screen)
        draw = ImageDraw.Draw(picture)
        top, left, height, width = self.window
        # White outline, for contrast on frames of the same colour.
        draw.rectangle((left - 1, top - 1, left + width, top + height), outline=WHITE)
        draw.rectangle((left, top, left + width - 1, top + height - 1), outline=COLOUR, width=2)
        letters = ImageFont.truetype(_font(), max(round(LETTERS * h), MIN_LETTERS))
        for name, start, _ in self._stripes():
            if start:
                draw.line((start, 0, start, h - 1), fill=WHITE, width=2)
            text = f'{name}  {notes[name]}' if notes and name in notes else name
            draw.text((start + 8, 6), text, font=letters, fill=WHITE, stroke_width=2, stroke_fill=(0, 0, 0))
        drawn = np.asarray(picture)
        return np.pad(drawn, ((0, drawn.shape[0] % 2), (0, drawn.shape[1] % 2), (0, 0)))

    def _stripes(self) -> list[tuple[str, int, int]]:
        return list(zip(self.names, self.edges, self.edges[1:], strict=False))

    def _crop_and_profile(self, name: str, frame: np.ndarray, stripe: int) -> np.ndarray:
        """Draw the crop enlarged to the width of a stripe and the profile below it, (h', stripe - gap, 3)."""
        top, left, height, width = self.window
        crop = frame[top : top + height, left : left + width]
        profile = self.profiles[name]
        profile.append(crop[height // 2].copy())
        del profile[: -self.history]
        shown = np.zeros((self.history, width, 3), np.uint8)
        shown[-len(profile) :] = profile
        wide = max(stripe - GAP, 1)
        parts = [(crop, self.crop_height), (shown, self.history * PROFILE_LINES)]
        enlarged = [cv2.resize(part, (wide, high), interpolation=cv2.INTER_NEAREST) for part, high in parts]
        return np.concatenate((enlarged[0], np.zeros((GAP, wide, 3), np.uint8), enlarged[1]))


@lru_cache(maxsize=1)
def _font() -> str:
    return font_manager.findfont('DejaVu Sans')
