"""A camera that moves over a photograph: its path, the depth of the scene, and the rendered frames.

Convention:
    Positions are (x, y), pixel centres at integers, origin in the centre of the top left pixel. ``u`` is a position in
    the frame relative to its centre. At time ``t`` the frame shows at ``u`` the photograph at
    ``center + shrink * (zoom[t] * R(angle[t]) u + (1 + parallax * depth) * shift[t])``: backward, from the frame to the
    photograph. Under a pure pan, points at depth 0 move by ``-(shift[t + 1] - shift[t])`` pixels of the frame, near
    points (depth 0.5) faster and far points (depth -0.5) slower.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..degradation import bicubic_downsample

SUPERSAMPLING = 2
BORDER = 4  # pixels of the photograph that the Lanczos filter uses beyond a position
# Maximum change of parallax from one pixel to the next: at 1 the image folds over, above about 0.3 it wobbles.
MAX_PARALLAX_SLOPE = 0.2
_DEPTH_SCALE = 8  # pixels of the photograph per pixel of its depth


@dataclass(frozen=True)
class Motion:
    """Limits of the motion of a camera. Each clip draws its own values up to these.

    Attributes:
        pan: Maximum speed, pixels of the frame per frame. A clip draws its speed between a fifth of it and all of it.
        zoom: Maximum relative change of size per frame.
        rotation: Maximum degrees per frame.
        parallax: Fraction of the pan by which the nearest layer moves faster than the farthest.
        layers: Depth layers, with soft edges. 1 is a flat scene.
    """

    pan: float = 4.0
    zoom: float = 0.006
    rotation: float = 0.3
    parallax: float = 0.4
    layers: int = 3

    def __post_init__(self) -> None:
        negative = [name for name in ('pan', 'zoom', 'rotation', 'parallax') if getattr(self, name) < 0]
        if negative or self.layers < 1:
            raise ValueError(
                f'pan, zoom, rotation and parallax must not be negative and layers at least 1, but got {self}'
            )


@dataclass(frozen=True)
class CameraPath:
    """Position of a camera at each frame of a clip.

    Attributes:
        size: (h, w) of the frames.
        shrink: Pixels of the photograph per pixel of the frame.
        center: (x, y) in the photograph of the centre of the frame where ``shift`` is 0.
        shift: Displacement, (t, 2), (x, y) in pixels of the frame.
        zoom: Relative width of the view, (t,).
        angle: Radians, (t,).
        parallax: See ``Motion``; limited by the depth of this scene.
        depth: Depth of the complete photograph at an eighth of its size, -0.5 far to 0.5 near, or None for a flat
            scene.
    """

    size: tuple[int, int]
    shrink: float
    center: tuple[float, float]
    shift: np.ndarray
    zoom: np.ndarray
    angle: np.ndarray
    parallax: float
    depth: np.ndarray | None

    def positions(self, frame: int, step: float = 1.0) -> np.ndarray:
        """Return the position in the photograph of each pixel of a frame.

        Args:
            frame (int): Time, from 0.
            step (float): Distance of the positions in pixels of the frame; 0.5 for 2 x 2 positions in every pixel.

        Returns:
            ndarray: Shape (2, h / step, w / step), x and y.
        """
        (h, w), (sx, sy) = self.size, self.shift[frame]
        u = (np.arange(round(w / step)) + 0.5) * step - w / 2
        v = (np.arange(round(h / step)) + 0.5) * step - h / 2
        cos, sin = (f(self.angle[frame]) * self.zoom[frame] for f in (math.cos, math.sin))
        x = self.center[0] + self.shrink * (cos * u[None] - sin * v[:, None] + sx)
        y = self.center[1] + self.shrink * (sin * u[None] + cos * v[:, None] + sy)
        if self.depth is not None:
            places = _maps((x + 0.5) / _DEPTH_SCALE - 0.5, (y + 0.5) / _DEPTH_SCALE - 0.5)
            near = cv2.remap(self.depth, *places, cv2.INTER_LINEAR)
            x = x + self.shrink * self.parallax * near * sx
            y = y + self.shrink * self.parallax * near * sy
        return np.stack([x, y])


def draw_path(
    rng: np.random.Generator,
    photo_size: tuple[int, int],
    size: tuple[int, int],
    num_frames: int,
    shrink: tuple[float, float],
    motion: Motion,
) -> CameraPath:
    """Draw a smooth path that stays inside the photograph. A motion too fast for the photograph is slowed down.

    Args:
        rng (Generator): Source of all randomness.
        photo_size (tuple[int, int]): (h, w) of the photograph.
        size (tuple[int, int]): (h, w) of the frames.
        num_frames (int): Frames in the clip.
        shrink (tuple[float, float]): Minimum and maximum pixels of the photograph per pixel of the frame.
        motion (Motion): Limits of the motion.

    Raises:
        ValueError: If the photograph is too small for frames of this size.
    """
    room = largest_shrink(photo_size, size)
    if room < 1:
        raise ValueError(f'a photograph of {photo_size} is too small for frames of {size}')
    max_shrink = min(shrink[1], max(room * 0.85, min(room, 1)))
    drawn_shrink = rng.uniform(min(shrink[0], max_shrink), max_shrink)
    time = np.arange(num_frames) - (num_frames - 1) / 2
    heading = rng.uniform(0, 2 * math.pi)
    speed = rng.uniform(0.2, 1) * motion.pan
    # Hands and heads sway: add a slow swing on both axes to the steady pan.
    period, phase = rng.uniform(8, 24, 2), rng.uniform(0, 2 * math.pi, 2)
    swing = 0.3 * speed * period / (2 * math.pi)
    steady = np.array([math.cos(heading), math.sin(heading)]) * speed
    shift = time[:, None] * steady * 0.7 + swing * np.sin(2 * math.pi * time[:, None] / period + phase)
    shift -= shift[num_frames // 2]
    zoom_rate, turn_rate = rng.uniform(-1, 1, 2) * (motion.zoom, math.radians(motion.rotation))
    where = rng.uniform(0, 1, 2)
    depth = _draw_depth(rng, photo_size, min(size) * drawn_shrink, motion.layers) if motion.layers > 1 else None

    path = CameraPath(size, drawn_shrink, (0.0, 0.0), shift, np.exp(zoom_rate * time), turn_rate * time, 0.0, depth)
    for slower in (*[0.8] * 30, 0.0):
        if _fits(photo_size, *_extent(path, motion.parallax)):
            break
        path = replace(path, shift=path.shift * slower, zoom=path.zoom**slower, angle=path.angle * slower)
    low, high = _extent(path, motion.parallax)
    free = np.array(photo_size[::-1]) - 1 - 2 * BORDER - (high - low)
    center = BORDER - low + where * np.maximum(free, 0)
    parallax = 0.0 if depth is None else min(motion.parallax, _largest_parallax(depth, path))
    return replace(path, center=(float(center[0]), float(center[1])), parallax=parallax)


def largest_shrink(photo_size: tuple[int, int], size: tuple[int, int]) -> float:
    """Maximum number of pixels of the photograph per pixel of the frame, without motion."""
    return min((photo - 2 * BORDER) / frame for photo, frame in zip(photo_size, size, strict=True))


def render(photo: np.ndarray, path: CameraPath, frames: list[int]) -> list[np.ndarray]:
    """Render frames of a camera path.

    Each frame is rendered at twice its resolution and halved by the antialiased bicubic filter. The photograph is
    sampled from a twofold Lanczos upsampling, where the response of the cubic filter no longer depends on the position
    between the pixels: edges neither shimmer nor soften as they move.

    Args:
        photo (ndarray): Shape (H, W, 3), uint8.
        path (CameraPath): The camera's path over this photograph.
        frames (list[int]): Times to render.

    Returns:
        list[ndarray]: Shape (h, w, 3), uint8, each in separate memory.
    """
    step = 1 / SUPERSAMPLING
    # The extent of the complete path, so that a frame does not depend on which others are rendered.
    low, high = _extent(path, path.parallax)
    first = np.maximum(np.floor(path.center + low).astype(int) - 2 * BORDER, 0)
    last = np.minimum(np.ceil(path.center + high).astype(int) + 2 * BORDER + 1, photo.shape[1::-1])
    part = photo[first[1] : last[1], first[0] : last[0]].astype(np.float32)
    # If samples are more than a pixel of the photograph apart, shrink the photograph first.
    fine = max(path.shrink * float(path.zoom.max()) * step, 1.0)
    h, w = (max(round(side / fine), 1) for side in part.shape[:2])
    if fine > 1:
        part = cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA)
    part = cv2.resize(part, (2 * w, 2 * h), interpolation=cv2.INTER_LANCZOS4)
    ratio = np.array(part.shape[1::-1]) / (last - first)
    rendered = []
    for frame in frames:
        maps = _maps(*((path.positions(frame, step) - first[:, None, None] + 0.5) * ratio[:, None, None] - 0.5))
        sampled = cv2.remap(part, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        halved = bicubic_downsample(sampled, SUPERSAMPLING)
        rendered.append(np.clip(halved + 0.5, 0, 255).astype(np.uint8))
    return rendered


def _draw_depth(rng: np.random.Generator, photo_size: tuple[int, int], view: float, layers: int) -> np.ndarray:
    """Draw random layers with soft edges, at an eighth of the photograph, with about two hills across the view."""
    h, w = (math.ceil(side / _DEPTH_SCALE) for side in photo_size)
    cells = [max(math.ceil(2 * side / view), 2) + 1 for side in photo_size]
    hills = rng.standard_normal(cells).astype(np.float32)
    smooth = cv2.resize(hills, (w, h), interpolation=cv2.INTER_CUBIC)
    level = np.clip((smooth - smooth.mean()) / (3 * smooth.std() + 1e-6) + 0.5, 0, 1) * (layers - 1)
    lower = np.floor(level)
    edge = np.clip(2 * (level - lower) - 0.5, 0, 1)
    edge = edge * edge * (3 - 2 * edge)
    depth = ((lower + edge) / (layers - 1) - 0.5).astype(np.float32)
    return cv2.GaussianBlur(depth, (0, 0), 1.0)


def _largest_parallax(depth: np.ndarray, path: CameraPath) -> float:
    """Maximum parallax at which no two positions of a frame come too close to each other."""
    slope = max(float(np.abs(np.diff(depth, axis=axis)).max(initial=0)) for axis in (0, 1)) / _DEPTH_SCALE
    distance = float(np.linalg.norm(path.shift, axis=1).max(initial=0)) * path.shrink
    return MAX_PARALLAX_SLOPE / max(slope * distance, 1e-9)


def _extent(path: CameraPath, parallax: float) -> tuple[np.ndarray, np.ndarray]:
    """Minimum and maximum (x, y) in the photograph over all frames, relative to the path's centre."""
    h, w = path.size
    cos, sin = np.abs(np.cos(path.angle)) * path.zoom, np.abs(np.sin(path.angle)) * path.zoom
    half = np.stack([cos * w + sin * h, sin * w + cos * h], axis=1) / 2
    swing = np.abs(path.shift) * parallax / 2
    low = ((path.shift - half - swing) * path.shrink).min(axis=0)
    high = ((path.shift + half + swing) * path.shrink).max(axis=0)
    return low, high


def _fits(photo_size: tuple[int, int], low: np.ndarray, high: np.ndarray) -> bool:
    return bool((high - low <= np.array(photo_size[::-1]) - 1 - 2 * BORDER).all())


def _maps(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x.astype(np.float32), y.astype(np.float32)
