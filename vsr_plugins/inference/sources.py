"""What is upscaled: a video file, or images that stand for the frames of one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from glob import glob, has_magic
from pathlib import Path

import av
import numpy as np

from ..datasets.images import IMAGE_SUFFIXES, UnreadableError, list_images, natural_key, read_rgb_deep
from ..datasets.prepare.clip_measures import CutDetector
from ..datasets.prepare.video import RgbReader, matrix_of
from .frames import InputFrame

DEFAULT_FPS = Fraction(25)
# FFmpeg's numbers of the transfers of high dynamic range.
HDR_TRANSFERS = {16: 'PQ', 18: 'HLG'}


@dataclass(frozen=True)
class SourceInfo:
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


class ImageSource:
    """Images in natural order.

    Args:
        paths: The images.
        fps: Frames per second to show them at.
    """

    path: Path | None = None

    def __init__(self, paths: list[Path], fps: Fraction | None = None) -> None:
        self.paths = paths
        self.fps = fps or DEFAULT_FPS
        self.damage: str | None = None
        first = read_rgb_deep(paths[0])
        pix_fmt = 'yuv420p' if first.dtype == np.uint8 else 'yuv420p16le'
        self.info = SourceInfo(first.shape[:2], 1 / self.fps, self.fps, len(paths), pix_fmt=pix_fmt)

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """The frames from number ``first`` of those between ``start`` and ``start + duration`` seconds.

        Raises:
            UnreadableError: If one cannot be read, or is of another size.
        """
        begin = -(-Fraction(start).limit_denominator(10**6) * self.fps // 1)
        end = None if duration is None else -(-Fraction(start + duration).limit_denominator(10**6) * self.fps // 1)
        is_cut = CutDetector()
        for index, path in enumerate(self.paths[int(begin) : end if end is None else int(end)]):
            if index < first:
                continue
            pixels = read_rgb_deep(path)
            if pixels.shape[:2] != self.info.size:
                raise UnreadableError(
                    f'{path} is {_size(pixels.shape)}, but {self.paths[0]} is {_size(self.info.size)}'
                )
            yield InputFrame(pixels, index, index, 1, is_cut(_in_8_bits(pixels)))


class VideoSource:
    """A video file.

    Args:
        path: The file.

    Attributes:
        damage: What was found wrong with the file while it was read, one sentence.

    Raises:
        UnreadableError: If it is no video, or not one frame can be decoded.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damage: str | None = None
        try:
            with av.open(str(path)) as container:
                stream = self._stream(container)
                self.info = self._look(container, stream)
        except av.FFmpegError as error:
            raise UnreadableError(f'{path} is not a video that can be read: {error.strerror}') from error

    def frames(self, first: int = 0, start: float = 0.0, duration: float | None = None) -> Iterator[InputFrame]:
        """The frames from number ``first`` of those between ``start`` and ``start + duration`` seconds, times from 0.

        What is damaged is left out, and ``damage`` says so afterwards.
        """
        info = self.info
        usual = max(round(1 / (info.rate * info.time_base)), 1)
        with av.open(str(self.path)) as container:
            stream = self._stream(container)
            stream.thread_type = 'AUTO'
            begins = stream.start_time or 0
            earliest = begins + round(Fraction(start).limit_denominator(10**6) / info.time_base)
            latest = (
                None if duration is None else earliest + Fraction(duration).limit_denominator(10**6) / info.time_base
            )
            if start:
                container.seek(earliest, stream=stream)
            index, before, is_cut, rgb_of = 0, None, CutDetector(), RgbReader(keep_depth=True)
            for frame in self._decoded(container, stream):
                pts = frame.pts if frame.pts is not None else (begins if before is None else before + usual)
                if start and pts < earliest:
                    continue
                if latest is not None and pts >= latest:
                    return
                pts = pts if before is None else max(pts, before + 1)
                before = pts
                if index >= first:
                    pixels = rgb_of(frame)
                    if pixels.shape[:2] != info.size:
                        raise UnreadableError(
                            f'{self.path} changes its size at frame {index}, '
                            f'from {_size(info.size)} to {_size(pixels.shape)}'
                        )
                    shown = pts - earliest if start else pts
                    yield InputFrame(pixels, index, shown, frame.duration or usual, is_cut(_in_8_bits(pixels)))
                index += 1

    def _decoded(self, container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
        """What can be decoded. A reader that takes the end of a cut file for its end says nothing of it."""
        damaged, end = 0, Fraction(0)
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
                yield from packet.decode()
            except av.FFmpegError:
                damaged += 1
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
            raise UnreadableError(f'{container.name} holds no video stream')
        return streams[0]

    def _look(self, container: av.container.InputContainer, stream: av.VideoStream) -> SourceInfo:
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
        return SourceInfo(
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


def open_source(source: str | Path, fps: Fraction | None = None) -> VideoSource | ImageSource:
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
        return ImageSource(images, fps)
    if not path.exists():
        images = _matches(str(source))
        if images:
            return ImageSource(images, fps)
        raise FileNotFoundError(
            f'there is no video, folder or image at {path.absolute()}'
            + (', and nothing that this pattern matches' if _is_pattern(str(source)) else '')
        )
    if path.suffix.lower() in IMAGE_SUFFIXES:
        return ImageSource([path], fps)
    if fps is not None:
        raise ValueError(f'{path} has a frame rate of its own; one can be given for images only')
    return VideoSource(path)


def _matches(pattern: str) -> list[Path]:
    found = re.search(r'%0?\d*d', pattern)
    if found:
        folder, name = Path(pattern).parent, Path(pattern).name
        head, _, tail = name.partition(found.group()) if found.group() in name else (name, '', '')
        numbered = re.compile(re.escape(head) + r'\d+' + re.escape(tail))
        paths = [path for path in folder.iterdir() if numbered.fullmatch(path.name)] if folder.is_dir() else []
    elif has_magic(pattern):
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
