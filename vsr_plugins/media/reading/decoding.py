"""Decode video files to upright RGB frames."""

from collections.abc import Callable, Collection, Generator
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import VideoReformatter

from ..chroma_siting import StatedSiting
from ..frames import size_of
from ..images.image_files import UnreadableError, natural_key
from ..video_files import demuxed, open_media, video_stream

_COMMON = (
    '.mp4',
    '.mkv',
    '.mov',
    '.avi',
    '.webm',
    '.m4v',
    '.y4m',
    '.mpg',
    '.mpeg',
    '.ts',
    '.wmv',
    '.flv',
    '.3gp',
    '.ogv',
)
_RARE = (
    *(
        '.264',
        '.265',
        '.3g2',
        '.asf',
        '.divx',
        '.dv',
        '.f4v',
        '.h264',
        '.h265',
        '.hevc',
        '.insv',
        '.ivf',
        '.lrv',
        '.m1v',
    ),
    *(
        '.m2p',
        '.m2ts',
        '.m2v',
        '.mjpeg',
        '.mjpg',
        '.mod',
        '.mp2v',
        '.mpv',
        '.mts',
        '.mxf',
        '.nut',
        '.ogm',
        '.qt',
        '.rm',
    ),
    *('.rmvb', '.tod', '.tp', '.trp', '.vob'),
)
VIDEO_SUFFIXES = frozenset(_COMMON + _RARE)

# SWS_BICUBIC, SWS_ACCURATE_RND, SWS_FULL_CHR_H_INT and SWS_FULL_CHR_H_INP of FFmpeg: PyAV has names for the last three
# from 18 on, which needs Python 3.11; all versions take numbers.
ACCURATE = 0x4 | 0x40000 | 0x2000 | 0x4000
# FFmpeg's numbers of matrices; 0 is RGB, 2 and 3 are unspecified.
BT709, BT601 = 1, 6
UNSPECIFIED_MATRICES = (0, 2, 3)
MAX_SD_SIZE = (1024, 576)
# Display matrices of turns by 0, 90, 180 and 270 degrees, counterclockwise.
_QUARTERS = (
    (1, 0, 0, 0, 1, 0, 0, 0, 1),
    (0, -1, 0, 1, 0, 0, 0, 0, 1),
    (-1, 0, 0, 0, -1, 0, 0, 0, 1),
    (0, 1, 0, -1, 0, 0, 0, 0, 1),
)


def list_videos(folder: Path, recursive: bool = True, suffixes: Collection[str] = VIDEO_SUFFIXES) -> list[Path]:
    """List the videos in ``folder``, and in its subfolders if asked, without hidden ones, in natural order."""
    found = (path for path in folder.glob('**/*' if recursive else '*') if path.suffix.lower() in suffixes)
    shown = (path for path in found if not any(part.startswith('.') for part in path.relative_to(folder).parts))
    return sorted(filter(Path.is_file, shown), key=lambda path: natural_key(str(path)))


def decode(path: Path) -> Generator[av.VideoFrame, None, None]:
    """Yield all frames of a video in presentation order.

    Raises:
        UnreadableError: If the file is not a video, has no frame, or cannot be decoded to its end.
    """
    count = 0
    try:
        with open_media(path) as container:
            stream = video_stream(container)
            if stream is None:
                raise UnreadableError(f'{path} has no video stream')
            as_stated = StatedSiting(container.format.name, stream.codec_context.codec.canonical_name)
            for packet in demuxed(container, stream):
                for frame in packet.decode():
                    yield as_stated(frame)
                    count += 1
    except av.FFmpegError as error:
        raise UnreadableError(f'{path} cannot be decoded after {count} frames: {error}') from error
    if not count:
        raise UnreadableError(f'{path} has no frame')


class RgbReader:
    """Converts decoded frames of one video to upright RGB pixels, with the colour matrix that the file declares.

    If the file declares no matrix, frames of up to ``MAX_SD_SIZE`` are treated as BT.601 and larger ones as BT.709, as
    players do.

    Args:
        keep_depth: Return frames of more than 8 bits as uint16.
    """

    def __init__(self, keep_depth: bool = False) -> None:
        self.keep_depth = keep_depth
        # One reformatter for all frames: VideoFrame.reformat starts threads for each frame.
        self._reformatter = VideoReformatter()
        self._rotation: int | None = None
        self._display_matrix: bytes | None = None

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Return (h, w, 3) RGB, uint8, or uint16 over its full range."""
        return self._converted(frame, 'rgb24', 'rgb48le')

    def with_alpha(self, frame: av.VideoFrame) -> tuple[np.ndarray, np.ndarray | None]:
        """Return RGB as a call does, and opacity, (h, w) of the same type; None if the pixel format has none."""
        if not may_be_transparent(frame.format):
            return self(frame), None
        pixels = self._converted(frame, 'rgba', 'rgba64le')
        return np.ascontiguousarray(pixels[..., :3]), pixels[..., 3].copy()

    def _converted(self, frame: av.VideoFrame, shallow: str, deep_format: str) -> np.ndarray:
        deep = self.keep_depth and max(component.bits for component in frame.format.components) > 8
        if not frame.format.is_rgb:
            frame.colorspace = matrix_of(frame)
        # A frame whose side data were read refers to itself, and is freed only by the garbage collector.
        if frame.rotation != self._rotation:
            self._rotation, self._display_matrix = frame.rotation, _display_matrix_of(frame)
        rgb = self._reformatter.reformat(
            frame, format=deep_format if deep else shallow, interpolation=ACCURATE, threads=1
        )
        return upright(rgb.to_ndarray(), self._display_matrix)


def may_be_transparent(pix_fmt: av.VideoFormat) -> bool:
    """Whether a pixel format holds opacity, by itself or in its palette."""
    return pix_fmt.has_palette or any(component.is_alpha for component in pix_fmt.components)


def decoder_of(stream: av.VideoStream) -> Callable[[av.Packet], list[av.VideoFrame]]:
    """Return the function that decodes the packets of a stream.

    FFmpeg's own decoders of VP8 and VP9 leave out the opacity; libvpx has it.
    """
    name = stream.codec_context.codec.canonical_name
    if stream.metadata.get('alpha_mode') != '1' or name not in ('vp8', 'vp9'):
        return av.Packet.decode
    context = av.CodecContext.create('libvpx-vp9' if name == 'vp9' else 'libvpx', 'r')
    return lambda packet: context.decode(packet if packet.size else None)


def matrix_of(frame: av.VideoFrame) -> int:
    """Return FFmpeg's number of a frame's colour matrix; never one of those for 'unspecified'."""
    if frame.colorspace not in UNSPECIFIED_MATRICES:
        return frame.colorspace
    return usual_matrix(frame.height, frame.width)


def usual_matrix(height: int, width: int) -> int:
    """Return FFmpeg's number of the matrix that players assume if a file declares none."""
    longer, shorter = max(height, width), min(height, width)
    return BT601 if longer <= MAX_SD_SIZE[0] and shorter <= MAX_SD_SIZE[1] else BT709


def _display_matrix_of(frame: av.VideoFrame) -> bytes | None:
    try:
        matrix = frame.side_data.get('DISPLAYMATRIX')
    except ValueError:
        # PyAV reads none of a frame's side data if it has no name for some of it, such as the EXIF of a JPEG.
        return np.array(_QUARTERS[round(frame.rotation / 90) % 4], np.int32).tobytes()
    return None if matrix is None else bytes(matrix)


def upright(pixels: np.ndarray, display_matrix: bytes | None) -> np.ndarray:
    """Rotate and mirror pixels, (h, w, c), by a video's display matrix; angles other than right ones are ignored.

    Args:
        pixels: Decoded pixels.
        display_matrix: FFmpeg's nine numbers, whose first two rows map x and y; None for no matrix.
    """
    if display_matrix is None:
        return pixels
    (a, b), (c, d) = np.sign(np.frombuffer(display_matrix, np.int32).reshape(3, 3)[:2, :2])
    if (a == 0) != (d == 0) or (b == 0) != (c == 0) or (a == 0) == (b == 0):
        return pixels
    if a == 0:
        pixels, down, right = pixels.swapaxes(0, 1), b, c
    else:
        down, right = d, a
    return np.ascontiguousarray(pixels[::down, ::right])


def is_key_frame(frame: av.VideoFrame) -> bool:
    """Whether a frame is coded without reference to others, as ffmpeg selects by ``eq(pict_type,I)``."""
    return frame.pict_type == PictureType.I


def probe_video(path: Path) -> tuple[int, int]:
    """Return the size (h, w) of a video's first frame.

    Raises:
        UnreadableError: If no frame can be decoded.
    """
    frames = decode(path)
    try:
        return size_of(RgbReader()(next(frames)))
    finally:
        frames.close()
