"""A camera that moves over a photograph: its path, the depth of the scene, and the frames it sees.

Convention:
    Positions are (x, y), pixel centres on whole numbers, origin in the centre of the top left pixel. ``u`` is a
    position in the frame counted from the middle of the frame. At time ``t`` the frame shows at ``u`` the photograph at
    ``center + shrink * (zoom[t] * R(angle[t]) u + (1 + parallax * depth) * shift[t])``: backward, from the frame to the
    photograph. What lies at depth 0 therefore moves by ``-(shift[t + 1] - shift[t])`` pixels of the frame under a pure
    pan, what is near (depth 0.5) faster and what is far (depth -0.5) slower.
"""

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..degradation import bicubic_downsample

SUPERSAMPLING = 2
BORDER = 4  # pixels of the photograph that Lanczos filtering reaches beyond a position
# How fast parallax may grow from one pixel to the next: at 1 the picture folds over, from about 0.3 on it wobbles.
STEEPEST = 0.2
_DEPTH_SCALE = 8  # pixels of the photograph to one of its depth


@dataclass(frozen=True)
class Motion:
    """How much a camera may move. Each clip draws its own values up to these.

    Attributes:
        pan: Pixels of the frame a frame, at most. A clip draws its speed between a fifth of it and all of it.
        zoom: Relative change of size a frame, at most.
        rotation: Degrees a frame, at most.
        parallax: By which part of the pan the nearest layer moves faster than the farthest.
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
            raise ValueError(f'motion must not be negative and have at least one layer, but got {self}')


@dataclass(frozen=True)
class CameraPath:
    """Where a camera is at each frame of a clip.

    Attributes:
        size: (h, w) of the frames.
        shrink: Pixels of the photograph to one pixel of the frame.
        center: (x, y) in the photograph of the middle of the frame where ``shift`` is 0.
        shift: Displacement, (t, 2), (x, y) in pixels of the frame.
        zoom: Relative width of what is seen, (t,).
        angle: Radians, (t,).
        parallax: See ``Motion``, as far as the depth of this scene allows it.
        depth: Depth of the whole photograph at an eighth of its size, -0.5 far to 0.5 near, or None for a flat scene.
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
        """Position in the photograph of each pixel of a frame.

        Args:
            frame (int): Time, from 0.
            step (float): Distance of the positions in pixels of the frame; 0.5 for two by two in every pixel.

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
    """Draw a smooth path that stays inside the photograph. Too fast a motion for the room there is becomes slower.

    Args:
        rng (Generator): Source of all randomness.
        photo_size (tuple[int, int]): (h, w) of the photograph.
        size (tuple[int, int]): (h, w) of the frames.
        num_frames (int): Frames in the clip.
        shrink (tuple[float, float]): Least and most pixels of the photograph to one of the frame.
        motion (Motion): Bounds of the motion.

    Raises:
        ValueError: If the photograph is too small for frames of this size.
    """
    room = largest_shrink(photo_size, size)
    if room < 1:
        raise ValueError(f'a photograph of {photo_size} is too small for frames of {size}')
    most = min(shrink[1], max(room * 0.85, min(room, 1)))
    drawn_shrink = rng.uniform(min(shrink[0], most), most)
    time = np.arange(num_frames) - (num_frames - 1) / 2
    heading = rng.uniform(0, 2 * math.pi)
    speed = rng.uniform(0.2, 1) * motion.pan
    # Hands and heads sway: a slow swing on both axes beside the steady pan.
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
    """How many pixels of the photograph one pixel of the frame may be at most, with no motion at all."""
    return min((photo - 2 * BORDER) / frame for photo, frame in zip(photo_size, size, strict=True))


def render(photo: np.ndarray, path: CameraPath, frames: list[int]) -> list[np.ndarray]:
    """The frames a camera sees.

    Each is rendered at twice its resolution and then halved by the antialiased bicubic, and the photograph is sampled
    from a twofold Lanczos enlargement, where the cubic's response no longer depends on how a position lies between the
    pixels: edges neither shimmer nor soften as they move.

    Args:
        photo (ndarray): Shape (H, W, 3), uint8.
        path (CameraPath): The camera's path over this photograph.
        frames (list[int]): Times to render.

    Returns:
        list[ndarray]: Shape (h, w, 3), uint8, each of its own memory.
    """
    step = 1 / SUPERSAMPLING
    # Of the whole path, so that a frame does not depend on which others are rendered.
    low, high = _extent(path, path.parallax)
    first = np.maximum(np.floor(path.center + low).astype(int) - 2 * BORDER, 0)
    last = np.minimum(np.ceil(path.center + high).astype(int) + 2 * BORDER + 1, photo.shape[1::-1])
    part = photo[first[1] : last[1], first[0] : last[0]].astype(np.float32)
    # Where the samples lie more than a pixel of the photograph apart, the photograph is made smaller first.
    fine = max(path.shrink * float(path.zoom.max()) * step, 1.0)
    h, w = (max(round(side / fine), 1) for side in part.shape[:2])
    if fine > 1:
        part = cv2.resize(part, (w, h), interpolation=cv2.INTER_AREA)
    part = cv2.resize(part, (2 * w, 2 * h), interpolation=cv2.INTER_LANCZOS4)
    ratio = np.array(part.shape[1::-1]) / (last - first)
    rendered = []
    for frame in frames:
        maps = _maps(*((path.positions(frame, step) - first[:, None, None] + 0.5) * ratio[:, None, None] - 0.5))
        seen = cv2.remap(part, *maps, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
        halved = bicubic_downsample(seen, SUPERSAMPLING)
        rendered.append(np.clip(halved + 0.5, 0, 255).astype(np.uint8))
    return rendered


def _draw_depth(rng: np.random.Generator, photo_size: tuple[int, int], view: float, layers: int) -> np.ndarray:
    """Random layers with soft edges, at an eighth of the photograph, with about two hills across what is seen."""
    h, w = (math.ceil(side / _DEPTH_SCALE) for side in photo_size)
    cells = [max(math.ceil(2 * side / view), 2) + 1 for side in photo_size]
    hills = rng.standard_normal(cells).astype(np.float32)
    smooth = cv2.resize(hills, (w, h), interpolation=cv2.INTER_CUBIC)
    level = np.clip((smooth - smooth.mean()) / (3 * smooth.std() + 1e-6) + 0.5, 0, 1) * (layers - 1)
    whole = np.floor(level)
    edge = np.clip(2 * (level - whole) - 0.5, 0, 1)
    edge = edge * edge * (3 - 2 * edge)
    depth = ((whole + edge) / (layers - 1) - 0.5).astype(np.float32)
    return cv2.GaussianBlur(depth, (0, 0), 1.0)


def _largest_parallax(depth: np.ndarray, path: CameraPath) -> float:
    """Parallax at which no two positions of a frame come too close to each other."""
    slope = max(float(np.abs(np.diff(depth, axis=axis)).max(initial=0)) for axis in (0, 1)) / _DEPTH_SCALE
    reach = float(np.linalg.norm(path.shift, axis=1).max(initial=0)) * path.shrink
    return STEEPEST / max(slope * reach, 1e-9)


def _extent(path: CameraPath, parallax: float) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest (x, y) in the photograph over all frames, counted from the path's centre."""
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
