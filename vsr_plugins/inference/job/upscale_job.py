"""Restore a video segment by segment, publish the targets, and clean up after interruptions and errors."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from time import perf_counter

import av

from ...media.encoding.animations import write_animation
from ...media.encoding.video_spec import VideoSpec
from ...media.frames import InputFrame, OutputFrame
from ...media.images.color_profiles import embed_profile
from ...media.muxing.aux_streams import AuxStreams
from ...media.muxing.mux import mux
from ...media.reading.image_reader import ImageReader
from ...media.reading.video_reader import VideoReader
from ...media.video_files import DISK_ERRORS
from ..predictor import VideoPredictor
from .output_frames import AS_IT_IS, FrameShape, upscaled
from .pipeline import run_pipeline
from .resumable_output import ResumableOutput
from .segments import SegmentWriter
from .workers import Workers

MIN_AHEAD = 8
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Upscaled:
    """Result of an upscale.

    Attributes:
        targets: The video, the folder of images, or both.
        read: Source frames restored in this run by this process.
        seconds: Duration of the run.
        network_seconds: Seconds of it spent in the network.
        damage: Damage found in the source, one sentence; None if it is intact.
    """

    targets: tuple[Path, ...]
    read: int
    seconds: float
    network_seconds: float
    damage: str | None = None


@dataclass
class UpscaleJob:
    """An upscale that is ready to run.

    Attributes:
        reader: The source.
        predictor: The network.
        writer: Writes the segments.
        works: Work folders of the targets; the first holds the segments.
        aux_streams: Audio and subtitles of the source; None without.
        workers: The processes that share the job.
        span: Start and duration in seconds.
        on_progress: Called with the number of finished frames and the total, None if unknown.
        animation_loop: How often an animated image is played, 0 for ever; None for a video.
        shape: Size of the output, if it is not that of the network.
        done: Number of finished frames.
    """

    reader: VideoReader | ImageReader
    predictor: VideoPredictor
    writer: SegmentWriter
    works: list[ResumableOutput]
    aux_streams: AuxStreams | None
    workers: Workers
    span: tuple[float, float | None]
    on_progress: Progress | None
    animation_loop: int | None = None
    shape: FrameShape = AS_IT_IS
    done: int = 0

    @property
    def spec(self) -> VideoSpec | None:
        """Encoding of the video; None if only images are written."""
        return self.writer.spec

    def run(self, on_interrupt: str) -> Upscaled:
        """Restore the unfinished segments, and publish the targets.

        Args:
            on_interrupt: ``'keep'`` or ``'discard'``, see ``JobOptions``.

        Raises:
            ValueError: If there is no frame, or the segments cannot be muxed.
            OSError: If a target cannot be written.
            KeyboardInterrupt: When interrupted; the message names what was kept.
        """
        started = perf_counter()
        read_before = self.done = len(self.works[0].segments()) * self.writer.length
        try:
            for first, stop in self._to_do():
                self._restore(first, stop)
            self.workers.barrier()
            if self.workers.rank == 0:
                self._publish()
            self.workers.barrier()
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(self._interrupted(on_interrupt)) from interrupt
        except OSError as error:
            self._clean_up()
            if error.errno is None or isinstance(error, ValueError):
                raise
            work = self.works[0]
            outcome = 'nothing was kept'
            if work.path.exists():
                outcome = f'the complete segments are kept in {work.path.name}; continue with --resume'
            raise OSError(error.errno, f'{error.strerror}; {outcome}', str(work.target)) from error
        except BaseException:
            self._clean_up()
            raise
        return Upscaled(
            tuple(work.target for work in self.works),
            self.done - read_before,
            perf_counter() - started,
            self.predictor.seconds,
            self.reader.damage,
        )

    def _to_do(self) -> list[tuple[int, int | None]]:
        """Spans of frames that are not finished; the last has no end if the frames were not counted."""
        length, finished = self.writer.length, self.works[0].segments()
        if self.workers.count > 1:
            count = self.workers.broadcast(self.reader.count(*self.span) if self.workers.rank == 0 else None)
            missing = [first for first in range(0, count, length) if first not in finished]
            spans = [(first, min(first + length, count)) for first in self.workers.shard(missing)]
        else:
            end = max(finished, default=-length) + length
            spans = [(first, first + length) for first in range(0, end, length) if first not in finished]
            spans.append((end, None))
        merged: list[tuple[int, int | None]] = []
        for first, stop in spans:
            if merged and merged[-1][1] == first:
                first = merged.pop()[0]
            merged.append((first, stop))
        return merged

    def _restore(self, first: int, stop: int | None) -> None:
        """Restore the frames from ``first`` to ``stop`` with temporal context around them, which is discarded."""
        network = self.predictor.spec
        earliest = max(first - network.temporal_context, 0)
        end = None if stop is None else stop + network.temporal_context

        def frames() -> Iterator[InputFrame]:
            for frame in self.reader.frames(earliest, *self.span):
                if end is not None and frame.index >= end:
                    return
                yield frame

        def restore(frames: Iterator[InputFrame]) -> Iterator[OutputFrame]:
            for frame in upscaled(frames, self.predictor.restore, network.temporal_scale, self.shape):
                if stop is not None and frame.source >= stop:
                    return
                if frame.source >= first:
                    yield frame

        run_pipeline(
            frames(),
            restore,
            partial(self._write, total=self._expected_frames()),
            ahead=max(MIN_AHEAD, network.clip_len),
            behind=max(MIN_AHEAD, network.clip_len * network.temporal_scale),
        )
        self.writer.finish()

    def _write(self, frame: OutputFrame, total: int | None) -> None:
        is_new = self.writer.last is None or self.writer.last[0] != frame.source
        self.writer.write(frame)
        if is_new:
            self.done += 1
            if self.on_progress is not None:
                self.on_progress(self.done, total)

    def _expected_frames(self) -> int | None:
        start, duration = self.span
        info = self.reader.info
        if info.frames is None:
            return None
        left = max(info.frames - round(start * info.rate), 0)
        return left if duration is None else min(left, round(duration * info.rate))

    def _publish(self) -> None:
        primary = self.works[0]
        segments = [path for _, path in sorted(primary.segments().items())]
        if not segments:
            raise ValueError(f'the source has no frame to upscale from {self.span[0]} s on; choose an earlier start')
        video = None if self.spec is None else self._mux(segments)
        # The work folders are removed after both targets are published, the first (which identifies the run) first.
        if (images := self.works[-1].images()) is not None:
            self.works[-1].publish(images)
        if video is not None:
            primary.publish(video)
        for work in self.works:
            work.remove()

    def _mux(self, segments: list[Path], until: Fraction | None = None) -> Path:
        """Mux segments and aux streams to a video in the work folder; return its path."""
        primary = self.works[0]
        video = primary.path / f'joined{primary.target.suffix}'
        try:
            if self.animation_loop is not None:
                lossless = primary.path / 'joined.nut'
                mux(lossless, self.spec, segments)
                last = 1 / self.spec.rate if self.writer.last is None else self.writer.last[2] * self.spec.time_base
                write_animation(lossless, video, self.animation_loop, last)
                if self.writer.icc_profile is not None:
                    embed_profile(video, self.writer.icc_profile, self.spec.size, self.spec.has_alpha)
                return video
            mux(video, self.spec, segments, self.aux_streams, until, self.reader.first_time, self.reader.time_offsets)
        except av.FFmpegError as error:
            video.unlink(missing_ok=True)
            if error.errno in DISK_ERRORS:
                raise
            raise ValueError(
                f'muxing {primary.target} failed ({error.strerror}); the restored segments are kept; continue without '
                'audio and subtitles with --resume --audio none --no-subtitles'
            ) from error
        except BaseException:
            video.unlink(missing_ok=True)
            raise
        return video

    def _interrupted(self, on_interrupt: str) -> str:
        """Publish an incomplete target or discard it; return the message for the user."""
        if self.workers.count > 1:
            self.writer.abandon()
            return 'stopped; the complete segments are kept; continue with --resume'
        rest = self.writer.finish_partial()
        complete = self.works[0].segments()
        segments = [
            complete[first]
            for first in sorted(complete)
            if all(i in complete for i in range(0, first, self.writer.length))
        ]
        if rest is not None and len(segments) == len(complete):
            segments.append(rest)
        is_resumed = any(work.is_resumed for work in self.works)
        if on_interrupt == 'discard' or not (segments or self.writer.frames or is_resumed):
            for work in self.works:
                work.discard()
            return 'stopped; nothing was kept'
        try:
            if (images := self.works[-1].images()) is not None:
                self.works[-1].publish(images)
            if self.spec is not None and segments:
                until = None
                if self.writer.last is not None:
                    until = (self.writer.last[1] + self.writer.last[2]) * self.spec.time_base
                self.works[0].publish(self._mux(segments, until))
        except FileExistsError as error:
            return f'stopped; {error}'
        if not self.done:
            return 'stopped before any new frame was finished; continue with --resume'
        return f'stopped; {self.works[0].target} holds the first {self.done} frames; continue with --resume'

    def _clean_up(self) -> None:
        """Delete the current segment after an error, and the work folders if they hold nothing to resume."""
        self.writer.abandon()
        is_resumed = any(work.is_resumed for work in self.works)
        if self.workers.count == 1 and not is_resumed and not self.works[0].segments():
            for work in self.works:
                work.remove()
