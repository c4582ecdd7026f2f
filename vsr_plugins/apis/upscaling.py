"""Upscale a video or a sequence of images with a network."""

import logging
import math
from dataclasses import fields, replace
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from torch import nn

from ..inference.job.interrupts import interrupted_once
from ..inference.job.options import JobOptions, ModelOptions, OutputOptions, SourceOptions
from ..inference.job.output_frames import FrameShape
from ..inference.job.output_size import output_size, pixel_aspect, written_size
from ..inference.job.segments import SegmentWriter
from ..inference.job.targets import begin, is_complete, name_targets, refuse_own_source
from ..inference.job.upscale_job import Progress, Upscaled, UpscaleJob
from ..inference.job.workers import Workers
from ..inference.load_model import choose_model
from ..inference.onnx_network import is_onnx
from ..inference.predictor import VideoPredictor
from ..media.encoding.animations import WRITTEN as ANIMATIONS
from ..media.encoding.animations import plan_animation
from ..media.encoding.planning import EncoderChoice, can_write, plan_video
from ..media.encoding.video_spec import VideoSpec
from ..media.images.color_profiles import WITH_PROFILE
from ..media.images.image_encoding import check_size
from ..media.muxing.aux_streams import AuxStreams
from ..media.reading.image_reader import ImageReader
from ..media.reading.open_reader import open_reader
from ..media.reading.video_reader import VideoReader
from ..models.input_spec import InputSpec
from ..pretrained import better_model, checkpoint_file, default_model, find_pretrained, install_hint

logger = logging.getLogger(__name__)

MAX_FPS = 10**5


def upscale(
    source: str | Path,
    target: str | Path,
    model: str | nn.Module | ModelOptions | None = None,
    *,
    part: SourceOptions = SourceOptions(),
    output: OutputOptions = OutputOptions(),
    job: JobOptions = JobOptions(),
    on_progress: Progress | None = None,
    workers: Workers | None = None,
) -> Upscaled:
    """Upscale a video with a network; audio, subtitles and times are kept.

    Each scene is restored as a separate clip. Memory does not grow with the length. The target is written atomically:
    an unfinished upscale is kept in a hidden work folder beside it, and ``JobOptions(resume=True)`` continues it. If
    ``torchrun`` started several processes, each restores a part of the video.

    Args:
        source: A video file, an image, an animated image, a folder of images in natural order, a glob of images, or
            ``frame_%04d.png``.
        target: A video file or an animated image by its suffix, an image for an image, or a folder for PNG images: a
            name without a suffix or with a slash at its end.
        model: Name of a pretrained model, an ONNX file of ``export_onnx``, a model, or ``ModelOptions``; None uses the
            best pretrained model on this machine.
        part: The part of the source.
        output: Encoding, images, audio and subtitles.
        job: Existing targets, resuming and interruption.
        on_progress: Called with the number of finished frames and the total, None if unknown.
        workers: The processes that share this video; None for those started by ``torchrun``.

    Raises:
        FileNotFoundError: If the source, config or checkpoint does not exist.
        FileExistsError: If the target exists.
        ValueError: If the source cannot be read, or options contradict each other.
        OSError: If the target cannot be written. Complete segments are kept for resuming.
        KeyboardInterrupt: When interrupted; the message names what was kept.
    """
    chosen = model if isinstance(model, ModelOptions) else ModelOptions(model)
    reader = open_reader(source, None if part.fps is None else _rate(part.fps), part.deinterlace)
    to_video, to_images = name_targets(target, output.images, reader)
    works = [work for work in (to_video, to_images) if work is not None]
    video, pictures = (None if work is None else work.target for work in (to_video, to_images))
    refuse_own_source(reader, video, pictures)
    if video is None or _is_animation(video):
        refuse_encoding(output, works[0].target)
    if job.resume and is_complete(works):
        return Upscaled(tuple(work.target for work in works), 0, 0.0, 0.0)
    workers = workers or Workers.from_environment()
    if workers.rank == 0:
        for warning in reader.info.warnings:
            logger.warning('%s: %s', source, warning)
    name, is_default = chosen.name, False
    if chosen.config is None and not isinstance(name, nn.Module) and not is_onnx(name):
        is_default = name is None
        name = (default_model() if name is None else find_pretrained(name)).name
    built = choose_model(chosen.config, chosen.checkpoint, name)
    predictor = VideoPredictor(built, workers.device(chosen.device), chosen.precision, chosen.tile)
    size = output_size(reader.info.size, predictor.spec.scale, output)
    for work in works:
        check_size(work.target, written_size(size, output.preview))
    spec, aux_streams = (None, None) if video is None else _plan(video, reader, predictor.spec, size, part, output)
    if workers.rank == 0:
        weights = chosen.checkpoint and _stamp(checkpoint_file(chosen.checkpoint))
        identity = name if isinstance(name, str) else [str(chosen.config), weights]
        settings = dict(
            source=[str(path) for path in reader.paths] if isinstance(reader, ImageReader) else _stamp(reader.path),
            model=_stamp(Path(name)) if is_onnx(name) else identity,
            video=spec and spec.to_json(),
            images=str(pictures),
            span=[part.start, part.duration],
            deinterlace=part.deinterlace,
            segment=job.segment_length,
            size=[*size, output.preview],
        )
        begin(works, settings, job.force, job.resume)
        if is_default:
            _mention_better_model()
    span = part.start, part.duration
    try:
        with interrupted_once():
            workers.barrier()
            writer = SegmentWriter(
                works[0],
                job.segment_length,
                spec,
                works[-1].frames if pictures else None,
                reader.names(*span),
                '.png' if to_images is None or to_images.is_folder else pictures.suffix,
                predictor.spec.temporal_scale,
                output.background_rgb,
                reader.info.icc_profile if _is_animation(video) and video.suffix.lower() in WITH_PROFILE else None,
            )
            shape = FrameShape(size, output.preview)
            loop = getattr(reader, 'loop', 0) if _is_animation(video) else None
            return UpscaleJob(
                reader, predictor, writer, works, aux_streams, workers, span, on_progress, loop, shape
            ).run(job.on_interrupt)
    finally:
        for work in works:
            work.unlock()


def _plan(
    video: Path,
    reader: VideoReader | ImageReader,
    network: InputSpec,
    size: tuple[int, int],
    part: SourceOptions,
    output: OutputOptions,
) -> tuple[VideoSpec, AuxStreams | None]:
    """The encoding of a video with frames of a size, and what is beside its frames."""
    info = replace(reader.info, aspect=pixel_aspect(reader.info.size, size, reader.info.aspect))
    coded_size = written_size(size, output.preview)
    if output.preview:
        info = replace(info, stereo=None)
    if _is_animation(video):
        return plan_animation(info, coded_size, network.temporal_scale), None
    choice = EncoderChoice(output.codec, output.crf, output.pix_fmt, output.encoder_options)
    spec = plan_video(video, info, network.scale, network.temporal_scale, choice, coded_size)
    spec = replace(spec, background=output.background_rgb)
    if reader.path is None:
        return spec, None
    audio = {True: 'auto', False: 'none'}.get(output.audio, output.audio)
    return spec, AuxStreams(reader.path, audio, output.subtitles, part.start, part.duration).planned(spec)


def _is_animation(video: Path | None) -> bool:
    return video is not None and video.suffix.lower() in ANIMATIONS


@cache
def _mention_better_model() -> None:
    """Log, once per process, how to install a better model than the default."""
    current, better = default_model(), better_model()
    if better is not None:
        logger.warning(
            'model %s (%.2f dB on Vid4); %s is better (%.2f dB): %s',
            *(current.name, current.vid4[0], better.name, better.vid4[0], install_hint(better)),
        )


def is_video(target: Path) -> bool:
    """Whether a target is neither an animated image nor images."""
    return can_write(target.suffix) and not _is_animation(target)


def refuse_encoding(output: OutputOptions, target: Path) -> None:
    """Raise if options of an encoder are given for a target that is no video."""
    if given := output.encoding:
        names = ', '.join(f'--{name.replace("_", "-")} ({value})' for name, value in given.items())
        raise ValueError(f'{target} is not a video, but got options of an encoder: {names}; omit them')


def _rate(fps: float | Fraction) -> Fraction:
    rate = Fraction(fps).limit_denominator(1001) if math.isfinite(fps) else 0
    if not 0 < rate <= MAX_FPS:
        raise ValueError(f'fps must be more than 0 and at most {MAX_FPS}, but got {fps}')
    return rate


def _stamp(path: Path) -> list:
    state = path.stat()
    return [str(path.resolve()), state.st_size, state.st_mtime_ns]


def upscale_by_keywords(source: str | Path, target: str | Path, **options: Any) -> Upscaled:
    """Call ``upscale`` with the keywords of 0.1.0, which are now fields of its option classes.

    Raises:
        TypeError: If a keyword is unknown.
    """
    kinds = {'model': ModelOptions, 'part': SourceOptions, 'output': OutputOptions, 'job': JobOptions}
    if 'model' in options:
        options['name'] = options.pop('model')
    grouped = {
        keyword: kind(**{field.name: options.pop(field.name) for field in fields(kind) if field.name in options})
        for keyword, kind in kinds.items()
    }
    return upscale(source, target, **grouped, **options)
