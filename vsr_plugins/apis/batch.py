"""Upscale many videos into one folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

import av

from ..inference.job.batch_targets import becomes_images, plan_targets
from ..inference.job.options import Naming, OutputOptions
from ..inference.job.workers import Workers
from .upscaling import Upscaled, is_video, refuse_encoding, upscale


def upscale_batch(
    sources: Sequence[str | Path],
    folder: str | Path,
    on_begin: Callable[[Path], None] | None = None,
    *,
    naming: Naming = Naming(),
    output: OutputOptions = OutputOptions(),
    **options: object,
) -> dict[Path, Upscaled | Exception]:
    """Upscale each source into a file, or folder for images, of the same name in ``folder``.

    If ``torchrun`` started several processes, each upscales its share of the sources. After an error the batch
    continues with the next source. Options of an encoder are for the videos among the targets.

    Args:
        sources: Video files, images, folders of videos, and folders of images.
        folder: Target folder.
        on_begin: Called with each source before it is upscaled.
        naming: Names of the targets.
        output: As for ``upscale``.
        **options: As for ``upscale``.

    Returns:
        The result or the exception of each source of this process.

    Raises:
        ValueError: See ``plan_targets``; also if options of an encoder are given, and no target is a video.
    """
    targets, _ = plan_targets(sources, folder, naming, is_folder=True)
    to_images = {source for source in targets if becomes_images(source, naming)}
    videos = {source for source in targets.keys() - to_images if is_video(targets[source])}
    if not videos:
        refuse_encoding(output, Path(folder))
    group = Workers.from_environment()
    alone = Workers(local_rank=group.local_rank)
    results: dict[Path, Upscaled | Exception] = {}
    for source in group.shard(list(targets)):
        if on_begin is not None:
            on_begin(source)
        try:
            # The name of a folder may have a dot.
            target = f'{targets[source]}/' if source in to_images else targets[source]
            own = output if source in videos else output.without_encoding()
            results[source] = upscale(source, target, workers=alone, output=own, **options)
        except (ValueError, OSError, MemoryError, av.FFmpegError) as error:
            results[source] = error
    return results
