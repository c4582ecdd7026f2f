"""Upscaling many videos into a folder."""

from collections.abc import Callable, Sequence
from pathlib import Path

from ..inference.job.workers import Workers
from ..media.images import IMAGE_SUFFIXES
from .upscaling import Upscaled, upscale


def upscale_batch(
    sources: Sequence[str | Path],
    folder: str | Path,
    on_begin: Callable[[Path], None] | None = None,
    **options: object,
) -> dict[Path, Upscaled | Exception]:
    """Upscale videos, each into a file of its name in ``folder``; a folder of images into a folder of its name.

    Where ``torchrun`` started several processes, each takes its share of the videos. A video that fails does not keep
    the others from being made.

    Args:
        sources: Video files and folders of images.
        folder: Where to.
        on_begin: Called with each before it is begun.
        **options: As for ``upscale``.

    Returns:
        What became of each source of this process.

    Raises:
        ValueError: If two would have one name, or one is an image.
    """
    folder = Path(folder)
    targets: dict[Path, Path] = {}
    for source in map(Path, sources):
        if source.suffix.lower() in IMAGE_SUFFIXES:
            raise ValueError(
                f'{source} is an image; images are one source together: name their folder, or their pattern in quotes'
            )
        target = folder / source.name
        if target in targets.values():
            raise ValueError(f'two of the sources are called {source.name}; upscale them into folders of their own')
        targets[source] = target
    group = Workers.from_environment()
    alone = Workers(local_rank=group.local_rank)
    made: dict[Path, Upscaled | Exception] = {}
    for source in group.shard(list(targets)):
        if on_begin is not None:
            on_begin(source)
        try:
            made[source] = upscale(source, targets[source], workers=alone, **options)
        except (ValueError, OSError) as error:
            made[source] = error
    return made
