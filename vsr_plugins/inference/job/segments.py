"""Writing the frames of an upscale into its work folders, segment by segment."""

import logging
from dataclasses import replace
from pathlib import Path

from ...media.atomic_files import atomic_write
from ...media.encoding import SegmentEncoder, VideoSpec
from ...media.frames import OutputFrame
from ...media.images import encode_png
from .resumable_output import ResumableOutput

logger = logging.getLogger(__name__)


class SegmentWriter:
    """Writes frames as a segmented video, as images, or as both.

    Args:
        work: Where segments are kept: of the video, or of the images where there is no video.
        length: Frames of the source that a segment is made of.
        spec: How to encode; None for images alone, whose segments are empty files that say how far they go.
        images: Folder for images.
        temporal_scale: Frames written for each that is read.

    Attributes:
        frames: Written so far.
        last: The last frame written; None before the first.
    """

    def __init__(
        self,
        work: ResumableOutput,
        length: int,
        spec: VideoSpec | None,
        images: Path | None = None,
        temporal_scale: int = 1,
    ) -> None:
        self.work = work
        self.length = length
        self.spec = spec
        self.images = images
        self.temporal_scale = temporal_scale
        self.frames = 0
        self.last: tuple[int, int, int] | None = None
        self._first: int | None = None
        self._encoder: SegmentEncoder | None = None
        self._before: int | None = None
        self._step: int | None = None
        self._told = False

    def write(self, frame: OutputFrame) -> None:
        """Write a frame; a segment is complete when the first frame of another comes."""
        if self.spec is not None and self.spec.is_constant:
            frame = self._at_constant_rate(frame)
        first = frame.source // self.length * self.length
        if first != self._first:
            self.finish()
            self._first = first
            if self.spec is not None:
                self._encoder = SegmentEncoder(self.work.segment(first), self.spec)
        if self._encoder is not None:
            self._encoder.write(frame)
        if self.images is not None:
            self._write_image(frame)
        self.frames += 1
        self.last = frame.source, frame.pts, frame.duration

    def finish(self) -> None:
        """Complete the segment that is being written."""
        if self._first is None:
            return
        if self._encoder is not None:
            self._encoder.finish()
        else:
            self.work.segment(self._first).touch()
        self._first = self._encoder = None

    def break_off(self) -> Path | None:
        """End the segment that is being written as it is, for a target that is not whole.

        Returns:
            It, under a name that is not counted among the segments; None if nothing of it was written.
        """
        encoder, self._first, self._encoder = self._encoder, None, None
        if encoder is None:
            return None
        encoder.path = self.work.path / 'broken_off'
        encoder.finish()
        return encoder.path

    def abandon(self) -> None:
        """Leave nothing of the segment that is being written."""
        if self._encoder is not None:
            self._encoder.abandon()
        self._first = self._encoder = None

    def _write_image(self, frame: OutputFrame) -> None:
        with atomic_write(self.images / f'{self._number(frame):08d}.png') as partial:
            partial.write_bytes(encode_png(frame.pixels))

    def _at_constant_rate(self, frame: OutputFrame) -> OutputFrame:
        """The frame at the time that its number gives it, for formats that know one rate only."""
        if self._before is not None:
            step = frame.pts - self._before
            self._step = self._step or step
            is_next = frame.source - self.last[0] <= 1
            if is_next and not self._told and abs(step - self._step) > self._step / 2:
                self._told = True
                logger.warning(
                    'the frames of the source last differently long, which %s files have no room for: all last as long '
                    'as each other now; .mkv and .mp4 keep their times',
                    self.spec.container,
                )
        self._before = frame.pts
        return replace(frame, pts=self._number(frame), duration=1)

    def _number(self, frame: OutputFrame) -> int:
        """Of a frame of the output that is not counted as written yet."""
        is_second = self.last is not None and self.last[0] == frame.source
        return self.temporal_scale * frame.source + is_second
