"""Encode a video in segments, and keep their packets until all are muxed."""

import contextlib
import io
import os
import struct
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.packet import PacketSideData
from av.video.reformatter import VideoReformatter

from ..alpha import composite
from ..chroma_siting import LeftSited
from ..frames import OutputFrame
from ..reading.decoding import ACCURATE
from ..video_files import open_media
from .encoder_trial import without_reordering
from .video_spec import VideoSpec

# A frame between two others is the first that may be stored out of order.
FEWEST_REORDERED = 3
_RECORD = struct.Struct('<qqqBI')
_SIZE = struct.Struct('<I')
# Where VP9 keeps its opacity, by FFmpeg's name and number.
SIDE_DATA, SIDE_DATA_NUMBER = 'matroska_block_additional', 15


class PacketFile:
    """Encoded frames of a part of a video, stored without a container until all parts are muxed.

    Containers round or shift times; in this file every packet keeps the times set by the encoder.
    """

    @staticmethod
    def write(file: BinaryIO, packet: av.Packet) -> None:
        """Append a packet."""
        data = bytes(packet)
        pts = packet.pts if packet.pts is not None else packet.dts
        dts = packet.dts if packet.dts is not None else pts
        side = bytes(packet.get_sidedata(SIDE_DATA)) if packet.has_sidedata(SIDE_DATA) else b''
        flags = bool(packet.is_keyframe) + 2 * bool(side)
        file.write(_RECORD.pack(pts, dts, packet.duration or 0, flags, len(data)))
        file.write(data)
        if side:
            file.write(_SIZE.pack(len(side)) + side)

    @staticmethod
    def read(path: Path, time_base: Fraction) -> Iterator[av.Packet]:
        """Yield the packets in decoding order."""
        with open(path, 'rb') as file:
            while head := file.read(_RECORD.size):
                pts, dts, duration, flags, length = _RECORD.unpack(head)
                packet = av.Packet(file.read(length))
                packet.pts, packet.dts, packet.duration, packet.time_base = pts, dts, duration, time_base
                packet.is_keyframe = bool(flags & 1)
                if flags & 2:
                    size = _SIZE.unpack(file.read(_SIZE.size))[0]
                    # PyAV's stub omits the constructor.
                    side = PacketSideData(SIDE_DATA_NUMBER, size)  # pyright: ignore[reportCallIssue]
                    side.update(file.read(size))
                    packet.set_sidedata(side)
                yield packet


class SegmentEncoder:
    """Encodes a part of a video into a ``PacketFile``, which is written atomically.

    Args:
        path: The file.
        spec: Encoder settings.
    """

    def __init__(self, path: Path, spec: VideoSpec) -> None:
        self.path = path
        self.spec = spec
        self._partial = path.with_suffix('.partial')
        self._file = open(self._partial, 'wb')  # noqa: SIM115 (closed by finish and abandon)
        # Never written: it only configures the encoder for the file format.
        self._container = open_media(io.BytesIO(), 'w', format=spec.container)
        self._stream = spec.add_to(self._container)
        self._reformatter, self._left_sited = VideoReformatter(), LeftSited()
        # Encoders lose how long a frame lasts, which no other frame tells of the last one.
        self._durations: dict[int, int] = {}
        self.frames = 0

    def write(self, frame: OutputFrame) -> None:
        """Encode a frame."""
        pixels = frame.pixels
        if frame.alpha is not None:
            has_alpha = self.spec.has_alpha
            pixels = (
                np.dstack((pixels, frame.alpha)) if has_alpha else composite(pixels, frame.alpha, self.spec.background)
            )
        picture = picture_of(pixels, self.spec, self._reformatter, self._left_sited)
        picture.pts, picture.time_base, picture.duration = frame.pts, self.spec.time_base, frame.duration
        self._durations[frame.pts] = frame.duration
        try:
            self._put(self._stream.encode(picture))
        except av.FFmpegError as error:
            height, width = self.spec.size
            raise ValueError(
                f'{self.spec.codec} cannot encode frames of {width}x{height} in {self.spec.pix_fmt} '
                f'({error.strerror}); use another --codec'
            ) from error
        self.frames += 1

    def finish(self) -> None:
        """Flush the encoder and publish the file."""
        last = self._stream.encode(None) if self.frames else []
        self._put(without_reordering(last) if self.frames < FEWEST_REORDERED else last)
        self._file.flush()
        os.fsync(self._file.fileno())
        self._close()
        os.replace(self._partial, self.path)

    def abandon(self) -> None:
        """Delete the unfinished file."""
        # On a full disk closing fails too, because it flushes buffered data.
        with contextlib.suppress(OSError):
            self._close()
        self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        # A container and its streams refer to each other. Without an explicit close, the encoders of many segments,
        # with their threads and reference frames, would stay in memory until the garbage collector runs.
        self._container.close()
        self._file.close()

    def _put(self, packets: list[av.Packet]) -> None:
        for packet in packets:
            if packet.pts is not None:
                packet.duration = self._durations.pop(packet.pts, packet.duration)
            PacketFile.write(self._file, packet)


def picture_of(
    pixels: np.ndarray, spec: VideoSpec, reformatter: VideoReformatter, left_sited: LeftSited | None = None
) -> av.VideoFrame:
    """Convert (h, w, 3) RGB or (h, w, 4) RGBA, uint8 or uint16, to the colours and the pixel format of ``spec``."""
    kinds = {3: ('rgb24', 'rgb48le'), 4: ('rgba', 'rgba64le')}
    rgb = av.VideoFrame.from_ndarray(pixels, format=kinds[pixels.shape[2]][pixels.dtype == np.uint16])
    color_range, matrix, transfer, primaries = spec.colors
    rgb.colorspace = matrix
    if left_sited is not None and not spec.is_centred:
        # The converted frame inherits the mark, and its chroma is put there.
        rgb = left_sited(rgb)
    picture = reformatter.reformat(
        rgb, format=spec.pix_fmt, interpolation=ACCURATE, dst_color_range=color_range, threads=1
    )
    picture.colorspace, picture.color_trc, picture.color_primaries = matrix, transfer, primaries
    return picture
