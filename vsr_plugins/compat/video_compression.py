"""Patch of mmagic 1.2.0: ``RandomVideoCompression`` on PyAV 14 and later. Delete when mmagic does.

Two faults: ``frame.pict_type = 'NONE'`` is a TypeError, since PyAV takes its enumeration only; and frames whose sides
are odd fail, since 4:2:0 needs even ones. With this patch the type is that of the enumeration, and odd sides are
repeated by one pixel and cropped again.
"""

import io
import random
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.frame import PictureType


def apply() -> None:
    """Replace the compression of ``RandomVideoCompression``."""
    from mmagic.datasets.transforms import random_degradations

    random_degradations.RandomVideoCompression._apply_random_compression = compress


def compress(self: Any, imgs: list[np.ndarray]) -> list[np.ndarray]:
    """Compress frames by a random codec of ``params`` at a random bit rate.

    Args:
        self: The transform.
        imgs: Frames (h, w, 3) in [0, 255], in RGB.

    Returns:
        The decoded frames, of the same shapes, float32.
    """
    codec = random.choices(self.params['codec'], self.params['codec_prob'])[0]
    lowest, highest = self.params['bitrate']
    height, width = imgs[0].shape[:2]
    odd = (0, height % 2), (0, width % 2), (0, 0)
    buffer = io.BytesIO()
    with av.open(buffer, 'w', 'mp4') as container:
        stream = container.add_stream(codec, rate=Fraction(1))
        stream.height, stream.width = height + odd[0][1], width + odd[1][1]
        stream.pix_fmt = 'yuv420p'
        stream.bit_rate = int(np.random.randint(lowest, highest + 1))
        for image in imgs:
            frame = av.VideoFrame.from_ndarray(np.pad(image.astype(np.uint8), odd, 'edge'), format='rgb24')
            frame.pict_type = PictureType.NONE
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    buffer.seek(0)
    with av.open(buffer, 'r', 'mp4') as container:
        decoded = [frame.to_ndarray(format='rgb24') for frame in container.decode(video=0)]
    return [frame[:height, :width].astype(np.float32) for frame in decoded]
