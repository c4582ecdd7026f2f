"""Damage that cameras and encoders do to frames: motion blur and compression, while loading."""

import io
from collections.abc import Sequence

import av
import numpy as np
from mmagic.registry import TRANSFORMS
from mmcv.transforms import BaseTransform

from ...temporal_windows import mirrored

# Least and greatest constant rate factor, and quantiser of encoders that have no such factor.
RATE_FACTORS = (0, 51)
QUANTISERS = {'mpeg2video': (1, 31), 'mpeg4': (1, 31)}


@TRANSFORMS.register_module()
class BlurMotion(BaseTransform):
    """Average each frame with its neighbours in time, as a shutter that is open for longer than one frame.

    REDS averages frames of 120 frames per second to those of 24; here the frames of the clip itself are averaged, so
    the clip should have little motion from frame to frame. At the ends the clip is mirrored, and nothing moves. Apply
    it after ``DegradeFrames``.

    Required Keys: [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames, uint8 of shape (h, w, c).
        radii (Sequence[int]): Frames to average on each side, drawn anew for each sample; 0 leaves the frames sharp.
        sharp_key (str | None): Keep the sharp frames under this key.

    Raises:
        ValueError: If a radius is negative or there is none.
    """

    def __init__(
        self, keys: Sequence[str] = ('img',), radii: Sequence[int] = (0, 1, 2), sharp_key: str | None = None
    ) -> None:
        if not radii or min(radii) < 0:
            raise ValueError(f'radii must be 0 or more, but got {list(radii)}')
        self.keys = tuple(keys)
        self.radii = tuple(radii)
        self.sharp_key = sharp_key

    def transform(self, results: dict) -> dict:
        """Blur the frames."""
        radius = int(np.random.choice(self.radii))
        for key in self.keys:
            frames = results[key]
            if self.sharp_key:
                results[self.sharp_key] = frames
            results[key] = average_in_time(frames, radius)
        return results


@TRANSFORMS.register_module()
class CompressVideo(BaseTransform):
    """Encode the frames of a clip and decode them again, in memory: what a low-bitrate video has lost.

    Apply it to the low resolution, after ``DegradeFrames`` and before anything that changes the order of frames.

    Required Keys: [KEYS]

    Modified Keys: [KEYS]

    Args:
        keys (Sequence[str]): Lists of frames of shape (h, w, 3), uint8, or of 0 to 255 in floating point, as upstream's
            noise leaves them; those are rounded.
        quality (tuple[int, int]): Smallest and largest constant rate factor or quantiser, drawn anew for each sample;
            higher is worse. Of ``libx264`` 18 is nearly lossless, 23 the default and 35 poor, of 0 to 51; of MPEG-2
            and MPEG-4 2 is nearly lossless and 12 poor, of 1 to 31.
        codec (str): Encoder of FFmpeg: ``'mpeg2video'``, ``'mpeg4'``, ``'libx264'`` or another with a constant rate
            factor. mmcv's ``RandomChoice`` draws among several.
        channel_order (str): Of the frames, ``'rgb'`` or ``'bgr'``.

    Raises:
        ValueError: If the range of quality is empty or not within that of the encoder, the order is unknown, or the
            encoder is missing.
    """

    def __init__(
        self,
        keys: Sequence[str] = ('img',),
        quality: tuple[int, int] = (18, 35),
        codec: str = 'libx264',
        channel_order: str = 'rgb',
    ) -> None:
        low, high = quality
        best, worst = QUANTISERS.get(codec, RATE_FACTORS)
        if not best <= low <= high <= worst:
            raise ValueError(f'quality of {codec} must be a range within {best} to {worst}, but got {tuple(quality)}')
        if channel_order not in ('rgb', 'bgr'):
            raise ValueError(f"channel_order must be 'rgb' or 'bgr', but got {channel_order!r}")
        if codec not in av.codecs_available:
            raise ValueError(f'the installed FFmpeg has no encoder {codec!r}')
        self.keys = tuple(keys)
        self.quality = (low, high)
        self.codec = codec
        self.channel_order = channel_order

    def transform(self, results: dict) -> dict:
        """Compress the frames."""
        low, high = self.quality
        drawn = int(np.random.randint(low, high + 1))
        for key in self.keys:
            frames = results[key]
            several = isinstance(frames, list)
            compressed = compress(frames if several else [frames], drawn, self.codec, self.channel_order)
            results[key] = compressed if several else compressed[0]
        return results


def average_in_time(frames: Sequence[np.ndarray], radius: int) -> list[np.ndarray]:
    """Mean of each frame and ``radius`` neighbours on each side; beyond the ends the clip is mirrored.

    Args:
        frames: uint8 of one shape.
        radius: 0 or more.

    Returns:
        New frames, rounded half up.
    """
    count, width = len(frames), 2 * radius + 1
    stacked = np.stack(frames).astype(np.uint32)
    averaged = []
    for i in range(count):
        index = [mirrored_both(i + j, count) for j in range(-radius, radius + 1)]
        averaged.append(((stacked[index].sum(axis=0) * 2 + width) // (2 * width)).astype(np.uint8))
    return averaged


def mirrored_both(index: int, count: int) -> int:
    """Index of a frame of a clip that is mirrored at both ends: -1 is frame 1."""
    return mirrored(abs(index), count)


def compress(frames: Sequence[np.ndarray], quality: int, codec: str = 'libx264', channel_order: str = 'rgb') -> list:
    """Encode frames as one clip and decode them again.

    Chroma is at half resolution, as in nearly all videos; frames of odd size are padded by their last row and column.

    Args:
        frames: uint8, or floating point of 0 to 255, of one shape (h, w, 3).
        quality: Constant rate factor, or the quantiser of every macroblock for encoders of ``QUANTISERS``.
        codec: Encoder of FFmpeg.
        channel_order: ``'rgb'`` or ``'bgr'``.

    Returns:
        As many frames of the same shape, uint8.

    Raises:
        ValueError: If the decoder does not return all frames.
    """
    h, w = frames[0].shape[:2]
    # FFmpeg rounds the two orders differently.
    to_rgb = slice(None, None, 1 if channel_order == 'rgb' else -1)
    value = str(quality)
    rate = {'qmin': value, 'qmax': value} if codec in QUANTISERS else {'crf': value, 'preset': 'medium'}
    # One thread: a sample is the same on every machine.
    options = {**rate, 'threads': '1'}
    file = io.BytesIO()
    with av.open(file, 'w', format='matroska') as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width, stream.pix_fmt = h + h % 2, w + w % 2, 'yuv420p'
        for image in frames:
            if image.dtype != np.uint8:
                image = np.rint(image).clip(0, 255).astype(np.uint8)
            padded = np.pad(image[..., to_rgb], ((0, h % 2), (0, w % 2), (0, 0)), mode='edge')
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(padded), format='rgb24')))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as container:
        decoded = [frame.to_ndarray(format='rgb24')[:h, :w, to_rgb] for frame in container.decode(video=0)]
    if len(decoded) != len(frames):
        raise ValueError(f'{codec} returned {len(decoded)} of {len(frames)} frames')
    return [np.ascontiguousarray(image) for image in decoded]
