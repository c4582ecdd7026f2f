"""VMAF of a clip, by the FFmpeg that is installed."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

PROGRAM = 'ffmpeg'
FILTER = (
    '[0:v]format=yuv420p[prediction];[1:v]format=yuv420p[target];'
    '[prediction][target]libvmaf=log_fmt=json:log_path=scores.json'
)


def vmaf(prediction: Iterable[np.ndarray], target: Iterable[np.ndarray], program: str | None = None) -> list[float]:
    """Video multi-method assessment fusion, VMAF, of each frame, 0 to 100; higher is better.

    Source: Netflix's libvmaf, https://github.com/Netflix/vmaf, with its default model (v0.6.1, for 1080p on a
    television). Frames are converted to 8-bit 4:2:0 in BT.601 by FFmpeg, as VMAF is defined on coded video. FFmpeg
    reads the frames from temporary files of 3 bytes a pixel.

    Args:
        prediction: Frames (h, w, 3) RGB in [0, 255], of one size with even sides.
        target: As many frames of the same size.
        program: FFmpeg with libvmaf; None for ``ffmpeg`` in ``PATH``.

    Raises:
        FileNotFoundError: If there is no FFmpeg.
        ValueError: If it has no libvmaf, or the clips differ.
    """
    program = find_ffmpeg(program)
    with tempfile.TemporaryDirectory(prefix='vmaf_') as folder:
        sizes = [
            _write(frames, Path(folder, name)) for frames, name in ((prediction, 'prediction'), (target, 'target'))
        ]
        if sizes[0] != sizes[1]:
            raise ValueError(f'VMAF needs clips of one size and length (t, h, w), but got {sizes[0]} and {sizes[1]}')
        _, height, width = sizes[0]
        source = ['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-s', f'{width}x{height}', '-r', '25']
        command = [program, '-hide_banner', '-loglevel', 'error', '-nostdin']
        command += [*source, '-i', 'prediction', *source, '-i', 'target', '-lavfi', FILTER, '-f', 'null', '-']
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            raise ValueError(f'{program} could not measure VMAF: {done.stderr.strip()[-300:]}')
        frames = json.loads(Path(folder, 'scores.json').read_text(encoding='utf-8'))['frames']
        return [float(frame['metrics']['vmaf']) for frame in frames]


def find_ffmpeg(program: str | None = None) -> str:
    """Return the path of an FFmpeg with libvmaf.

    Raises:
        FileNotFoundError: If there is no such program.
        ValueError: If it has no libvmaf.
    """
    found = shutil.which(program or PROGRAM)
    if found is None:
        raise FileNotFoundError(f'VMAF needs FFmpeg with libvmaf, but there is no {program or PROGRAM} in PATH')
    filters = subprocess.run([found, '-hide_banner', '-filters'], capture_output=True, text=True).stdout
    if ' libvmaf ' not in filters:
        raise ValueError(f'VMAF needs FFmpeg with libvmaf, but {found} was built without it')
    return found


def _write(frames: Iterable[np.ndarray], path: Path) -> tuple[int, int, int]:
    """Write raw RGB and return (frames, height, width)."""
    count, size = 0, (0, 0)
    with path.open('wb') as file:
        for frame in frames:
            h, w = frame.shape[:2]
            if count and (h, w) != size:
                raise ValueError(f'VMAF needs frames of one size, but got {(h, w)} and {size}')
            size = h, w
            file.write(np.clip(np.round(frame), 0, 255).astype(np.uint8).tobytes())
            count += 1
    return count, size[0], size[1]
