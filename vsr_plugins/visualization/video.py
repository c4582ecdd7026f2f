"""Write frames to a video file."""

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ..media.atomic_files import atomic_write, require_output
from ..media.video_files import open_media


def write_video(
    frames: Iterable[np.ndarray], path: str | Path, fps: Fraction | float, crf: int = 17, overwrite: bool = False
) -> Path:
    """Encode frames with H.264 in 4:2:0, which every player supports.

    The file is written atomically; an interrupted run leaves none. 4:2:0 needs even sides, so an odd last row or column
    is repeated once.

    Args:
        frames: (h, w, 3) uint8 RGB, all of one size.
        path: File to write; its suffix names the container.
        fps: Frames per second.
        crf: Constant rate factor of x264, 0 lossless to 51; 17 is visually near lossless.
        overwrite: Replace an existing file.

    Returns:
        ``path``.

    Raises:
        FileExistsError: If the file exists and ``overwrite`` is off.
        ValueError: If there is no frame, or a frame is not (h, w, 3) uint8 of the first one's size.
    """
    path = Path(path)
    require_output(path, overwrite)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The index comes first, so that browsers begin before they have the whole file.
    options = {'movflags': 'faststart'} if path.suffix.lower() in ('.mp4', '.m4v', '.mov') else {}
    with atomic_write(path) as partial, open_media(partial, 'w', container_options=options) as container:
        _encode(container, frames, Fraction(fps).limit_denominator(1001), crf)
    return path


def _encode(container: av.container.OutputContainer, frames: Iterable[np.ndarray], fps: Fraction, crf: int) -> None:
    stream = None
    size = None
    for number, frame in enumerate(frames):
        if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or frame.shape != (size or frame.shape):
            raise ValueError(
                f'frames must be (h, w, 3) uint8 of one size {size or ""}, but frame {number} is '
                f'{frame.shape} {frame.dtype}'
            )
        if stream is None:
            size = frame.shape
            stream = container.add_stream('libx264', rate=fps, options={'crf': str(crf)})
            stream.pix_fmt = 'yuv420p'
            stream.height, stream.width = (side + side % 2 for side in size[:2])
        even = np.pad(frame, ((0, size[0] % 2), (0, size[1] % 2), (0, 0)), mode='edge')
        container.mux(stream.encode(av.VideoFrame.from_ndarray(even, format='rgb24')))
    if stream is None:
        raise ValueError('a video needs at least one frame, but got none')
    container.mux(stream.encode(None))
