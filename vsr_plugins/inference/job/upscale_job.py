"""Restores a video segment by segment, and leaves what an interruption or an error shall leave."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path
from time import perf_counter

import av

from ...media.encoding import VideoSpec
from ...media.frames import InputFrame, OutputFrame
from ...media.mux import AuxStreams, mux
from ...media.readers import ImageReader, VideoReader
from ...media.video_files import OF_THE_DISK
from ..predictor import VideoPredictor
from .output_frames import upscaled
from .pipeline import run_pipeline
from .resumable_output import ResumableOutput
from .segments import SegmentWriter
from .workers import Workers

MIN_AHEAD = 8
Progress = Callable[[int, int | None], None]


@dataclass(frozen=True)
class Upscaled:
    """What an upscale made.

    Attributes:
        targets: The video, the folder of images, or both.
        read: Frames that were restored, in this run and this process.
        seconds: That took.
        network_seconds: Of them, those in the network.
        damage: What was wrong with the source, one sentence; None if nothing was.
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
        works: The targets, each in its work folder; the first is the one by which the run is known.
        aux_streams: Sound and subtitles of the source; None without.
        workers: The processes that share the job.
        stretch: Start and duration in seconds.
        on_progress: Called with the number of frames done and of all, as far as known.
        done: Frames that are done.
    """

    reader: VideoReader | ImageReader
    predictor: VideoPredictor
    writer: SegmentWriter
    works: list[ResumableOutput]
    aux_streams: AuxStreams | None
    workers: Workers
    stretch: tuple[float, float | None]
    on_progress: Progress | None
    done: int = 0

    @property
    def spec(self) -> VideoSpec | None:
        """How the video is coded; None where only images are made."""
        return self.writer.spec

    def run(self, on_interrupt: str) -> Upscaled:
        """Restore what is not done yet, and publish the targets.

        Args:
            on_interrupt: ``'keep'`` or ``'discard'``, see ``JobOptions``.

        Raises:
            ValueError: If there is no frame, or the video cannot be put together.
            OSError: If a target cannot be written.
            KeyboardInterrupt: When interrupted, with what was left.
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
            self._failed()
            if error.errno is None or isinstance(error, ValueError):
                raise
            work = self.works[0]
            left = 'nothing is left of it'
            if work.path.exists():
                left = f'what is complete is kept in {work.path.name}; --resume goes on with it'
            raise OSError(error.errno, f'{error.strerror}; {left}', str(work.target)) from error
        except BaseException:
            self._failed()
            raise
        return Upscaled(
            tuple(work.target for work in self.works),
            self.done - read_before,
            perf_counter() - started,
            self.predictor.seconds,
            self.reader.damage,
        )

    def _to_do(self) -> list[tuple[int, int | None]]:
        """Stretches of frames that are not done yet; the last has no end where nobody counted the frames."""
        length, there = self.writer.length, self.works[0].segments()
        if self.workers.count > 1:
            count = self.workers.broadcast(self.reader.count(*self.stretch) if self.workers.rank == 0 else None)
            missing = [first for first in range(0, count, length) if first not in there]
            stretches = [(first, min(first + length, count)) for first in self.workers.shard(missing)]
        else:
            end = max(there, default=-length) + length
            stretches = [(first, first + length) for first in range(0, end, length) if first not in there]
            stretches.append((end, None))
        joined: list[tuple[int, int | None]] = []
        for first, stop in stretches:
            if joined and joined[-1][1] == first:
                first = joined.pop()[0]
            joined.append((first, stop))
        return joined

    def _restore(self, first: int, stop: int | None) -> None:
        """Restore the frames from ``first`` up to ``stop``; around them some more, which are thrown away."""
        network = self.predictor.spec
        earliest = max(first - network.temporal_context, 0)
        end = None if stop is None else stop + network.temporal_context

        def frames() -> Iterator[InputFrame]:
            for frame in self.reader.frames(earliest, *self.stretch):
                if end is not None and frame.index >= end:
                    return
                yield frame

        def restore(frames: Iterator[InputFrame]) -> Iterator[OutputFrame]:
            for frame in upscaled(frames, self.predictor.restore, network.temporal_scale):
                if stop is not None and frame.source >= stop:
                    return
                if frame.source >= first:
                    yield frame

        run_pipeline(
            frames(),
            restore,
            partial(self._record, total=self._expected()),
            ahead=max(MIN_AHEAD, network.clip_len),
            behind=max(MIN_AHEAD, network.clip_len * network.temporal_scale),
        )
        self.writer.finish()

    def _record(self, frame: OutputFrame, total: int | None) -> None:
        is_new = self.writer.last is None or self.writer.last[0] != frame.source
        self.writer.write(frame)
        if is_new:
            self.done += 1
            if self.on_progress is not None:
                self.on_progress(self.done, total)

    def _expected(self) -> int | None:
        start, duration = self.stretch
        info = self.reader.info
        if info.frames is None:
            return None
        left = max(info.frames - round(start * info.rate), 0)
        return left if duration is None else min(left, round(duration * info.rate))

    def _publish(self) -> None:
        primary = self.works[0]
        segments = [path for _, path in sorted(primary.segments().items())]
        if not segments:
            raise ValueError(f'there is no frame to upscale from {self.stretch[0]} s on; the source ends before')
        made = None if self.spec is None else self._join(segments)
        # The folders go when both targets have their names, that of the first, by which a run is known, before.
        if self.writer.images is not None:
            self.works[-1].publish(self.writer.images)
        if made is not None:
            primary.publish(made)
        for work in self.works:
            work.remove()

    def _join(self, segments: list[Path], until: Fraction | None = None) -> Path:
        """The video of these segments, in the work folder."""
        primary = self.works[0]
        made = primary.path / f'joined{primary.target.suffix}'
        try:
            mux(made, self.spec, segments, self.aux_streams, until, self.reader.begins, self.reader.jumps)
        except av.FFmpegError as error:
            made.unlink(missing_ok=True)
            if error.errno in OF_THE_DISK:
                raise
            raise ValueError(
                f'the frames are restored, but the video cannot be put together ({error.strerror}); all that was '
                'restored is kept, and --resume --no-audio --no-subtitles goes on without what was beside them'
            ) from error
        except BaseException:
            made.unlink(missing_ok=True)
            raise
        return made

    def _interrupted(self, on_interrupt: str) -> str:
        """Leave a target of what is done, or nothing, and say which."""
        if self.workers.count > 1:
            self.writer.abandon()
            return 'stopped; what is complete is kept, and --resume goes on with it'
        rest = self.writer.break_off()
        whole = self.works[0].segments()
        segments = [
            whole[first] for first in sorted(whole) if all(i in whole for i in range(0, first, self.writer.length))
        ]
        if rest is not None and len(segments) == len(whole):
            segments.append(rest)
        is_resumed = any(work.is_resumed for work in self.works)
        if on_interrupt == 'discard' or not (segments or self.writer.frames or is_resumed):
            for work in self.works:
                work.discard()
            return 'stopped; nothing is left of it'
        try:
            if self.writer.images is not None and any(self.writer.images.iterdir()):
                self.works[-1].publish(self.writer.images)
            if self.spec is not None and segments:
                until = None
                if self.writer.last is not None:
                    until = (self.writer.last[1] + self.writer.last[2]) * self.spec.time_base
                self.works[0].publish(self._join(segments, until))
        except FileExistsError as error:
            return f'stopped; {error}'
        if not self.done:
            return 'stopped before there was anything new; --resume goes on'
        return f'stopped; {self.works[0].target} holds the first {self.done} frames, and --resume goes on with it'

    def _failed(self) -> None:
        self.writer.abandon()
        is_resumed = any(work.is_resumed for work in self.works)
        if self.workers.count == 1 and not is_resumed and not self.works[0].segments():
            for work in self.works:
                work.remove()
