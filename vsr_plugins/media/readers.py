"""What is upscaled: a video file, or images that stand for the frames of one."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from glob import escape, glob, has_magic
from pathlib import Path

import av
import numpy as np

from .decoding import RgbReader, matrix_of
from .frames import InputFrame
from .images import IMAGE_SUFFIXES, UnreadableError, list_images, natural_key, read_rgb_deep
from .seek import LEADS, Timed, seek, trim
from .shots import CutDetector
from .video_files import open_media

DEFAULT_FPS = Fraction(25)
# FFmpeg's numbers of the transfers of high dynamic range.
HDR_TRANSFERS = {16: 'PQ', 18: 'HLG'}
# FFmpeg's flag of formats whose times may start anew within a file.
TIMES_MAY_STEP_BACK = 0x200
# Frames that times must step back by to have been started anew.
STEP_BACK = 5


@dataclass(frozen=True)
class ReaderInfo:
    """What is known of a source before its first frame is handed out.

    Attributes:
        size: (h, w) of a frame, upright.
        time_base: Seconds that times are counted in.
        rate: Frames per second on average.
        frames: How many there may be, as far as the file says; None where it does not.
        codec: FFmpeg's name of the codec; None for images.
        pix_fmt: FFmpeg's name of the pixel format.
        colors: FFmpeg's numbers of range, matrix, transfer and primaries.
        aspect: Width of a pixel by its height.
        cautions: What is not done about it, a sentence each.
    """

    size: tuple[int, int]
    time_base: Fraction
    rate: Fraction
    frames: int | None
    codec: str | None = None
    pix_fmt: str = 'yuv420p'
    colors: tuple[int, int, int, int] = (1, 1, 1, 1)
    aspect: Fraction = Fraction(1)
    cautions: tuple[str, ...] = ()


class ImageReader:
    """Images in natural order.

    Args:
        paths: The images.
        fps: Frames per second to show them at.
    """

    path: Path | None = None
    begins = Fraction(0)
    jumps: tuple[Fraction, ...] = ()

    def __init__(self, paths: list[Path], fps: Fraction | None = None) -> None:
        self.paths = paths
        self.fps = fps or DEFAULT_FPS
        self.damage: str | None = None
        first = read_rgb_deep(paths[0])
        pix_fmt = 'yuv420p' if first.dtype == np.uint8 else 'yuv420p16le'
        self.info = ReaderInfo(first.shape[:2], 1 / self.fps, self.fps, len(paths), pix_fmt=pix_fmt)

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """The frames from number ``first`` of those between ``start`` and ``start + duration`` seconds.

        Raises:
            UnreadableError: If one cannot be read, or is of another size.
        """
        is_cut = CutDetector()
        for index, path in enumerate(self._trimmed(start, duration)):
            if index < first:
                continue
            pixels = read_rgb_deep(path)
            if pixels.shape[:2] != self.info.size:
                raise UnreadableError(
                    f'{path} is {_size(pixels.shape)}, but {self.paths[0]} is {_size(self.info.size)}'
                )
            yield InputFrame(pixels, index, index, 1, is_cut(_in_8_bits(pixels)))

    def count(self, start: float = 0.0, duration: float | None = None) -> int:
        """How many frames there are between ``start`` and ``start + duration``."""
        return len(self._trimmed(start, duration))

    def _trimmed(self, start: float, duration: float | None) -> list[Path]:
        begin = -(-Fraction(start).limit_denominator(10**6) * self.fps // 1)
        end = None if duration is None else -(-Fraction(start + duration).limit_denominator(10**6) * self.fps // 1)
        return self.paths[int(begin) : end if end is None else int(end)]


class VideoReader:
    """A video file.

    Args:
        path: The file.

    Attributes:
        damage: What was found wrong with the file while it was read, one sentence.
        begins: When the first frame that was read is shown, seconds of the stretch that was asked for.
        jumps: Seconds that are added to the file's times behind each place where they start anew, as in files that
            were put one behind another, as far as it was read.

    Raises:
        UnreadableError: If it is no video, or not one frame can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: str | None = None
        self.begins = Fraction(0)
        self.jumps: list[Fraction] = []
        try:
            with open_media(path) as container:
                stream = self._stream(container)
                self._can_seek = not container.format.flags & TIMES_MAY_STEP_BACK
                self.info = self._look(container, stream)
        except av.FFmpegError as error:
            raise UnreadableError(f'{path} is not a video that can be read: {error.strerror}') from error

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """The frames from number ``first`` of those between ``start`` and ``start + duration`` seconds, times from 0.

        What is damaged is left out, and ``damage`` says so afterwards.
        """
        is_cut, rgb_of = CutDetector(), RgbReader(keep_depth=True)
        with closing(self._shown(start, duration)) as shown:
            for index, (frame, pts, lasts) in enumerate(shown):
                if index < first:
                    continue
                pixels = rgb_of(frame)
                if pixels.shape[:2] != self.info.size:
                    raise UnreadableError(
                        f'{self.path} changes its size at frame {index}, '
                        f'from {_size(self.info.size)} to {_size(pixels.shape)}'
                    )
                yield InputFrame(pixels, index, pts, lasts, is_cut(_in_8_bits(pixels)))

    def count(self, start: float = 0.0, duration: float | None = None) -> int:
        """How many frames there are between ``start`` and ``start + duration``."""
        return sum(1 for _ in self._shown(start, duration))

    @property
    def _usual(self) -> int:
        """How long a frame lasts on average."""
        return max(round(1 / (self.info.rate * self.info.time_base)), 1)

    def _shown(self, start: float, duration: float | None) -> Iterator[Timed]:
        """Frames of a stretch, when they are shown, from 0 where it has a start, and for how long."""
        time_base = self.info.time_base
        for lead in (*LEADS, None) if start and self._can_seek else (None,):
            with open_media(self.path) as container:
                stream = self._stream(container)
                stream.thread_type = 'AUTO'
                earliest = latest = None
                if start or duration is not None:
                    earliest = (stream.start_time or 0) + round(Fraction(start).limit_denominator(10**6) / time_base)
                if duration is not None:
                    latest = earliest + Fraction(duration).limit_denominator(10**6) / time_base
                frames = self._timed(container, stream, lead is not None)
                if lead is not None:
                    frames = seek(container, stream, frames, earliest, round(lead / time_base))
                stretch = trim(frames, earliest, latest, bool(start), self._usual)
                number = None
                for number, (frame, pts, lasts) in enumerate(stretch):
                    if not number:
                        self.begins = pts * time_base
                    yield frame, pts, lasts
                if number is not None or lead is None:
                    return

    def _timed(
        self, container: av.container.InputContainer, stream: av.VideoStream, after_seek: bool
    ) -> Iterator[Timed]:
        """What can be decoded, with times that only go on."""
        usual, before, lasts, offset, jumps = self._usual, None, 0, 0, 0
        for frame in self._decoded(container, stream, after_seek):
            if frame.pts is not None:
                pts = frame.pts + offset
            else:
                pts = stream.start_time or 0 if before is None else before + usual
            if before is not None and pts < before - STEP_BACK * usual:
                offset += before + lasts - pts
                pts = before + lasts
                jumps += 1
                if jumps > len(self.jumps):
                    self.jumps.append(offset * self.info.time_base)
            before = pts if before is None else max(pts, before + 1)
            lasts = frame.duration or usual
            yield frame, before, lasts

    def _decoded(
        self, container: av.container.InputContainer, stream: av.VideoStream, after_seek: bool
    ) -> Iterator[av.VideoFrame]:
        """What can be decoded. A reader that takes the end of a cut file for its end says nothing of it."""
        damaged, end, has_begun = 0, Fraction(0), not after_seek
        packets = container.demux()
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError as error:
                self.damage = f'it cannot be read to its end ({error.strerror})'
                return
            if packet is None:
                break
            if packet.pts is not None:
                end = max(end, (packet.pts + (packet.duration or 0)) * packet.time_base)
            if packet.stream is not stream:
                continue
            try:
                for frame in packet.decode():
                    has_begun = True
                    yield frame
            except av.FFmpegError:
                # In the midst of a file, what comes before the first key frame cannot be decoded.
                damaged += has_begun
        if container.duration:
            says = Fraction((container.start_time or 0) + container.duration, av.time_base)
            if says - end > max(2 / self.info.rate, Fraction(1, 10)):
                self.damage = f'it ends after {float(end):.2f} of {float(says):.2f} s'
        if damaged and self.damage is None:
            self.damage = f'{damaged} of its packets are damaged'

    @staticmethod
    def _stream(container: av.container.InputContainer) -> av.VideoStream:
        streams = [s for s in container.streams.video if not s.disposition & av.stream.Disposition.attached_pic]
        if not streams:
            raise UnreadableError(f'{Path(container.name)} holds no video stream')
        return streams[0]

    def _look(self, container: av.container.InputContainer, stream: av.VideoStream) -> ReaderInfo:
        frame = None
        for packet in container.demux(stream):
            try:
                decoded = packet.decode()
            except av.FFmpegError:
                continue
            if decoded:
                frame = decoded[0]
                break
        if frame is None:
            raise UnreadableError(f'{self.path} holds no frame that can be decoded')
        rate = stream.average_rate or stream.guessed_rate or DEFAULT_FPS
        seconds = (
            stream.duration * stream.time_base if stream.duration else Fraction(container.duration or 0, av.time_base)
        )
        try:
            height, width = RgbReader()(frame).shape[:2]
        except av.FFmpegError as error:
            raise UnreadableError(
                f'{self.path}: colours as it has them cannot be converted: pixel format {frame.format.name}, matrix '
                f"{matrix_of(frame)} by FFmpeg's number ({error.strerror})"
            ) from error
        aspect = stream.sample_aspect_ratio or Fraction(1)
        if (height, width) != (frame.height, frame.width):
            aspect = 1 / aspect
        is_full = frame.color_range == 2 or frame.format.name.startswith('yuvj')
        return ReaderInfo(
            size=(height, width),
            time_base=stream.time_base,
            rate=rate,
            frames=stream.frames or round(seconds * rate) or None,
            codec=stream.codec_context.codec.canonical_name,
            pix_fmt=frame.format.name,
            colors=(2 if is_full else 1, matrix_of(frame), frame.color_trc, frame.color_primaries),
            aspect=aspect,
            cautions=tuple(_cautions(frame)),
        )


def open_reader(source: str | Path, fps: Fraction | None = None) -> VideoReader | ImageReader:
    """A video file, a folder of images, a glob of images, or a template such as ``frame_%04d.png``.

    Args:
        source: Which.
        fps: Frames per second, for images.

    Raises:
        FileNotFoundError: If there is nothing of that name.
        ValueError: If there are no images, ``fps`` is given for a video, or it cannot be read.
    """
    path = Path(source)
    if path.is_dir():
        if not (images := list_images(path)):
            raise UnreadableError(f'{path} is a folder without images; name a folder of frames or a video file')
        return ImageReader(images, fps)
    if not path.exists():
        images = _matches(str(source))
        if images:
            return ImageReader(images, fps)
        raise FileNotFoundError(
            f'there is no video, folder or image at {path.absolute()}'
            + (', and nothing that this pattern matches' if _is_pattern(str(source)) else '')
        )
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageReader([path], fps)
    if fps is not None:
        raise ValueError(f'{path} has a frame rate of its own; one can be given for images only')
    return VideoReader(path)


def _matches(pattern: str) -> list[Path]:
    found = re.search(r'%0?\d*d', pattern)
    if found:
        folder, name = Path(pattern).parent, Path(pattern).name
        head, _, tail = name.partition(found.group()) if found.group() in name else (name, '', '')
        numbered = re.compile(re.escape(head) + r'\d+' + re.escape(tail))
        paths = [path for path in folder.iterdir() if numbered.fullmatch(path.name)] if folder.is_dir() else []
    elif has_magic(pattern):
        folder, name = Path(pattern).parent, Path(pattern).name
        # A folder that is there is meant as it is called, brackets and all.
        pattern = str(Path(escape(str(folder))) / name) if folder.is_dir() else pattern
        paths = [path for path in map(Path, glob(pattern)) if path.suffix.lower() in IMAGE_SUFFIXES]
    else:
        return []
    return sorted(paths, key=lambda path: natural_key(path.name))


def _is_pattern(name: str) -> bool:
    return has_magic(name) or re.search(r'%0?\d*d', name) is not None


def _cautions(frame: av.VideoFrame) -> Iterator[str]:
    if (transfer := HDR_TRANSFERS.get(frame.color_trc)) is not None:
        yield (
            f'it is of high dynamic range ({transfer}): its coded values are restored as if they were of ordinary '
            'range, and their meaning is noted again; the description of the mastering display is not copied'
        )
    if frame.interlaced_frame:
        yield (
            'it is interlaced: two fields are restored as if they were one frame, which draws combs out; deinterlace '
            'it before, such as by ffmpeg -vf bwdif'
        )


def _in_8_bits(pixels: np.ndarray) -> np.ndarray:
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def _size(size: tuple[int, ...]) -> str:
    return f'{size[1]}x{size[0]}'
