"""A video in, a better video out."""

import logging
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from pathlib import Path
from time import perf_counter
from typing import Literal

import av
from torch import nn

from ..inference.job.output_frames import upscaled
from ..inference.job.pipeline import run_pipeline
from ..inference.job.resumable_output import WorkFolder
from ..inference.job.segments import Recorder
from ..inference.job.targets import begin, is_complete, name_targets, refuse_own_source
from ..inference.job.workers import Workers
from ..inference.load_model import choose_model
from ..inference.predictor import Restorer
from ..media.encoding import VideoSpec, plan_video
from ..media.frames import InputFrame, OutputFrame
from ..media.mux import Companions, join
from ..media.readers import ImageSource, VideoSource, open_source
from ..media.video_files import OF_THE_DISK
from ..pretrained import better_model, checkpoint_file, default_model, find_pretrained, install_hint

logger = logging.getLogger(__name__)

# Frames of the source in a segment: what an interrupted run has to do again, and the unit that processes share.
SEGMENT_LENGTH = 240
AT_LEAST_AHEAD = 8
FASTEST = 10**5  # frames per second
LATEST = 10**8  # seconds, three years; times beyond do not fit their numbers
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


def upscale(
    source: str | Path,
    target: str | Path,
    config: str | Path | None = None,
    checkpoint: str | Path | None = None,
    *,
    model: str | nn.Module | None = None,
    images: str | Path | None = None,
    codec: str | None = None,
    crf: int | None = None,
    fps: float | Fraction | None = None,
    start: float = 0.0,
    duration: float | None = None,
    tile: int | None = None,
    device: str | None = None,
    precision: Literal['auto', 'float32', 'half'] = 'auto',
    audio: bool = True,
    subtitles: bool = True,
    force: bool = False,
    resume: bool = False,
    on_interrupt: Literal['keep', 'discard'] = 'keep',
    on_progress: Progress | None = None,
    segment_length: int = SEGMENT_LENGTH,
    workers: Workers | None = None,
) -> Upscaled:
    """Enlarge a video by a network, with its sound, its subtitles and its times.

    What the network needs, it says itself. Each scene is a clip of its own. Memory does not grow with the length. The
    target appears when it is whole; until then it grows in a hidden folder beside it, from which ``resume`` goes on.
    Where ``torchrun`` started several processes, each restores a stretch of the video.

    Args:
        source: A video file, a folder of images in natural order, a glob of images, or ``frame_%04d.png``.
        target: A video file by its ending, or a folder for PNG images.
        config: Config of the model.
        checkpoint: Its weights.
        model: Name of a pretrained model, see ``vsr_plugins.pretrained``, instead of a config; or a model. Without
            config and model, the best on this machine.
        images: Folder for PNG images beside a video.
        codec: Encoder, by FFmpeg's name; None keeps the codec of the source where the target takes it.
        crf: Constant rate factor of the encoder; None is visually near lossless.
        fps: Frames per second of images; 25 by default.
        start: Seconds to leave out at the beginning.
        duration: Seconds to upscale; None for all.
        tile: Height and width of tiles, pixels of the source; None chooses by memory, 0 takes frames whole.
        device: ``'cpu'``, ``'cuda'``, ...; None takes CUDA where there is any.
        precision: See ``Restorer``.
        audio: Copy the sound.
        subtitles: Copy the subtitles.
        force: Replace a target that is there.
        resume: Go on with an upscale that was interrupted; one that is complete is left as it is.
        on_interrupt: What ``KeyboardInterrupt`` leaves: ``'keep'`` a target of what is done, which ``resume`` goes on
            with, ``'discard'`` nothing.
        on_progress: Called with the number of frames done and of all, as far as known.
        segment_length: Frames of a segment, the least that can be resumed.
        workers: The processes that share this video; None are those that ``torchrun`` started.

    Raises:
        FileNotFoundError: If there is no such source, config or checkpoint.
        FileExistsError: If the target is there.
        ValueError: If the source cannot be read, or options do not fit each other.
        OSError: If the target cannot be written. Segments that are complete stay for ``resume``.
        KeyboardInterrupt: When interrupted, with what was left.
    """
    if on_interrupt not in ('keep', 'discard'):
        raise ValueError(f"on_interrupt must be 'keep' or 'discard', but got {on_interrupt!r}")
    if not 0 <= start < LATEST or not (duration is None or 0 < duration < LATEST):
        raise ValueError(
            f'start must be 0 or more and duration be positive, in seconds, but got {start} and {duration}'
        )
    if segment_length < 1:
        raise ValueError(f'a segment must be of at least 1 frame, but got {segment_length}')
    video, pictures = name_targets(Path(target), images)
    reader = open_source(source, None if fps is None else _rate(fps))
    refuse_own_source(reader, video, pictures)
    works = [WorkFolder(path, path is pictures) for path in (video, pictures) if path is not None]
    if resume and is_complete(works):
        return Upscaled(tuple(work.target for work in works), 0, 0.0, 0.0)
    workers = workers or Workers.from_environment()
    if workers.rank == 0:
        for caution in reader.info.cautions:
            logger.warning('%s: %s', source, caution)
    unasked = False
    if config is None and not isinstance(model, nn.Module):
        unasked = model is None
        model = (default_model() if model is None else find_pretrained(model)).name
    built = choose_model(config, checkpoint, model)
    restorer = Restorer(built, workers.device(device), precision, tile)
    per_frame = restorer.needs.per_frame
    spec = companions = None
    if video is not None:
        spec = plan_video(video, reader.info, restorer.needs.scale, per_frame, codec, crf)
        if reader.path is not None:
            companions = Companions(reader.path, audio, subtitles, start, duration)
            companions.check(spec)
    settings = dict(
        source=[str(path) for path in reader.paths] if isinstance(reader, ImageSource) else _stamp(reader.path),
        model=model if isinstance(model, str) else [str(config), checkpoint and _stamp(checkpoint_file(checkpoint))],
        video=spec and spec.to_json(),
        images=str(pictures),
        stretch=[start, duration],
        segment=segment_length,
    )
    if workers.rank == 0:
        begin(works, settings, force, resume)
        if unasked:
            _mention_better_model()
    workers.wait()
    job = _Job(
        reader,
        restorer,
        Recorder(works[0], segment_length, spec, works[-1].frames if pictures else None, per_frame),
        works,
        companions,
        workers,
        (start, duration),
        on_progress,
    )
    return job.run(on_interrupt)


@cache
def _mention_better_model() -> None:
    """Say, once in a process, what an installation would bring."""
    taken, better = default_model(), better_model()
    if better is not None:
        logger.warning(
            'model %s (%.2f dB on Vid4); %s is better (%.2f dB): %s',
            *(taken.name, taken.vid4[0], better.name, better.vid4[0], install_hint(better)),
        )


@dataclass
class _Job:
    """An upscale that is ready to run."""

    reader: VideoSource | ImageSource
    restorer: Restorer
    recorder: Recorder
    works: list[WorkFolder]
    companions: Companions | None
    workers: Workers
    stretch: tuple[float, float | None]
    on_progress: Progress | None
    done: int = 0

    @property
    def spec(self) -> VideoSpec | None:
        return self.recorder.spec

    def run(self, on_interrupt: str) -> Upscaled:
        started = perf_counter()
        read_before = self.done = len(self.works[0].segments()) * self.recorder.length
        try:
            for first, stop in self._to_do():
                self._restore(first, stop)
            self.workers.wait()
            if self.workers.rank == 0:
                self._publish()
            self.workers.wait()
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
            self.restorer.seconds,
            self.reader.damage,
        )

    def _to_do(self) -> list[tuple[int, int | None]]:
        """Stretches of frames that are not done yet; the last has no end where nobody counted the frames."""
        length, there = self.recorder.length, self.works[0].segments()
        if self.workers.count > 1:
            count = self.workers.tell(self.reader.count(*self.stretch) if self.workers.rank == 0 else None)
            missing = [first for first in range(0, count, length) if first not in there]
            stretches = [(first, min(first + length, count)) for first in self.workers.share(missing)]
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
        needs = self.restorer.needs
        earliest = max(first - needs.warm_up, 0)
        end = None if stop is None else stop + needs.warm_up

        def frames() -> Iterator[InputFrame]:
            for frame in self.reader.frames(earliest, *self.stretch):
                if end is not None and frame.index >= end:
                    return
                yield frame

        def restore(frames: Iterator[InputFrame]) -> Iterator[OutputFrame]:
            for frame in upscaled(frames, self.restorer.restore, needs.per_frame):
                if stop is not None and frame.source >= stop:
                    return
                if frame.source >= first:
                    yield frame

        run_pipeline(
            frames(),
            restore,
            partial(self._record, total=self._expected()),
            ahead=max(AT_LEAST_AHEAD, needs.length),
            behind=max(AT_LEAST_AHEAD, needs.length * needs.per_frame),
        )
        self.recorder.finish()

    def _record(self, frame: OutputFrame, total: int | None) -> None:
        is_new = self.recorder.last is None or self.recorder.last[0] != frame.source
        self.recorder.write(frame)
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
        if self.recorder.images is not None:
            self.works[-1].publish(self.recorder.images)
        if made is not None:
            primary.publish(made)
        for work in self.works:
            work.remove()

    def _join(self, segments: list[Path], until: Fraction | None = None) -> Path:
        """The video of these segments, in the work folder."""
        primary = self.works[0]
        made = primary.path / f'joined{primary.target.suffix}'
        try:
            join(made, self.spec, segments, self.companions, until, self.reader.begins, self.reader.jumps)
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
            self.recorder.abandon()
            return 'stopped; what is complete is kept, and --resume goes on with it'
        rest = self.recorder.break_off()
        whole = self.works[0].segments()
        segments = [
            whole[first] for first in sorted(whole) if all(i in whole for i in range(0, first, self.recorder.length))
        ]
        if rest is not None and len(segments) == len(whole):
            segments.append(rest)
        is_resumed = any(work.is_resumed for work in self.works)
        if on_interrupt == 'discard' or not (segments or self.recorder.frames or is_resumed):
            for work in self.works:
                work.discard()
            return 'stopped; nothing is left of it'
        try:
            if self.recorder.images is not None and any(self.recorder.images.iterdir()):
                self.works[-1].publish(self.recorder.images)
            if self.spec is not None and segments:
                until = None
                if self.recorder.last is not None:
                    until = (self.recorder.last[1] + self.recorder.last[2]) * self.spec.time_base
                self.works[0].publish(self._join(segments, until))
        except FileExistsError as error:
            return f'stopped; {error}'
        if not self.done:
            return 'stopped before there was anything new; --resume goes on'
        return f'stopped; {self.works[0].target} holds the first {self.done} frames, and --resume goes on with it'

    def _failed(self) -> None:
        self.recorder.abandon()
        is_resumed = any(work.is_resumed for work in self.works)
        if self.workers.count == 1 and not is_resumed and not self.works[0].segments():
            for work in self.works:
                work.remove()


def _rate(fps: float | Fraction) -> Fraction:
    rate = Fraction(fps).limit_denominator(1001) if math.isfinite(fps) else 0
    if not 0 < rate <= FASTEST:
        raise ValueError(f'there must be more than 0 and at most {FASTEST} frames per second, but got {fps}')
    return rate


def _stamp(path: Path) -> list:
    state = path.stat()
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]
