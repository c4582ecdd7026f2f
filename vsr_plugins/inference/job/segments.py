"""Write the frames of an upscale into its work folders, segment by segment."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ...media.atomic_files import atomic_write
from ...media.encoding.segments import SegmentEncoder
from ...media.encoding.video_spec import VideoSpec
from ...media.frames import OutputFrame
from ...media.images.color_profiles import convert_rgb
from ...media.images.image_encoding import encode_image
from .resumable_output import ResumableOutput

logger = logging.getLogger(__name__)


class SegmentWriter:
    """Writes frames as a segmented video, as images, or as both.

    Args:
        work: Work folder of the segments: that of the video, or that of the images if there is no video.
        length: Source frames in a segment.
        spec: Encoding; None for images alone, whose segments are empty files that mark the progress.
        images: Folder for images.
        names: Name of the image of each source frame, without its ending; None for numbers.
        suffix: Ending of the images.
        temporal_scale: Output frames for each source frame.
        background: RGB under transparent images of a kind without transparency.
        icc_profile: ICC profile of the colours of an animated image; None for sRGB, and for videos.

    Attributes:
        frames: Number of frames written so far.
        last: Source index, pts and duration of the last frame written; None before the first.
    """

    def __init__(
        self,
        work: ResumableOutput,
        length: int,
        spec: VideoSpec | None,
        images: Path | None = None,
        names: Sequence[str] | None = None,
        suffix: str = '.png',
        temporal_scale: int = 1,
        background: tuple[int, int, int] = (0, 0, 0),
        icc_profile: bytes | None = None,
    ) -> None:
        self.work = work
        self.length = length
        self.spec = spec
        self.images = images
        # A network that interpolates writes frames that have no source of their own.
        self.names = names if temporal_scale == 1 else None
        self.suffix = suffix
        self.temporal_scale = temporal_scale
        self.background = background
        self.icc_profile = icc_profile
        self.frames = 0
        self.last: tuple[int, int, int] | None = None
        self._first: int | None = None
        self._encoder: SegmentEncoder | None = None
        self._previous_pts: int | None = None
        self._step: int | None = None
        self._has_warned = self._has_warned_of_colours = False

    def write(self, frame: OutputFrame) -> None:
        """Write a frame; the first frame of the next segment completes the current one."""
        if self.spec is not None and self.spec.is_constant:
            frame = self._at_constant_rate(frame)
        first = frame.source // self.length * self.length
        if first != self._first:
            self.finish()
            self._first = first
            if self.spec is not None:
                self._encoder = SegmentEncoder(self.work.segment(first), self.spec)
        if self._encoder is not None:
            self._encoder.write(self._with_target_colours(frame))
        if self.images is not None:
            self._write_image(frame)
        self.frames += 1
        self.last = frame.source, frame.pts, frame.duration

    def finish(self) -> None:
        """Complete the current segment."""
        if self._first is None:
            return
        if self._encoder is not None:
            self._encoder.finish()
        else:
            self.work.segment(self._first).touch()
        self._first = self._encoder = None

    def finish_partial(self) -> Path | None:
        """Close the current segment early, for an incomplete target.

        Returns:
            Its path, under a name that is not counted among the segments; None if nothing of it was written.
        """
        encoder, self._first, self._encoder = self._encoder, None, None
        if encoder is None:
            return None
        encoder.path = self.work.path / 'partial'
        encoder.finish()
        return encoder.path

    def abandon(self) -> None:
        """Delete the current segment."""
        if self._encoder is not None:
            self._encoder.abandon()
        self._first = self._encoder = None

    def _write_image(self, frame: OutputFrame) -> None:
        name = f'{self._number(frame):08d}' if self.names is None else self.names[frame.source]
        with atomic_write(self.images / f'{name}{self.suffix}') as partial:
            partial.write_bytes(
                encode_image(self.suffix, frame.pixels, frame.alpha, frame.icc_profile, self.background)
            )

    def _with_target_colours(self, frame: OutputFrame) -> OutputFrame:
        pixels = convert_rgb(frame.pixels, frame.icc_profile, self.icc_profile)
        if pixels is not None:
            return replace(frame, pixels=pixels)
        if not self._has_warned_of_colours:
            self._has_warned_of_colours = True
            logger.warning('the colours of the ICC profile of the source cannot be converted to those of the target')
        return frame

    def _at_constant_rate(self, frame: OutputFrame) -> OutputFrame:
        """Time the frame by its number, for formats with a constant rate only."""
        if self._previous_pts is not None:
            step = frame.pts - self._previous_pts
            self._step = self._step or step
            is_next = frame.source - self.last[0] <= 1
            if is_next and not self._has_warned and abs(step - self._step) > self._step / 2:
                self._has_warned = True
                logger.warning(
                    'the source has a variable frame rate, which %s files do not support: all frames get the same '
                    'duration; .mkv and .mp4 files keep the times',
                    self.spec.container,
                )
        self._previous_pts = frame.pts
        return replace(frame, pts=self._number(frame), duration=1)

    def _number(self, frame: OutputFrame) -> int:
        """Number of an output frame that is not counted in ``frames`` yet."""
        is_second = self.last is not None and self.last[0] == frame.source
        return self.temporal_scale * frame.source + is_second
